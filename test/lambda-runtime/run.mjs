// The entry "./lambda" under AWS's own runtime interface client (aws-lambda-ric, the loop that a container image for Lambda
// runs), against a Runtime API that is served here. `npm run build` before.
//
//   node test/lambda-runtime/run.mjs [--invocations 1000]
//
// The client is installed into a temporary folder, where it compiles for a minute or two. It needs a C++ compiler, make,
// cmake, unzip, autoconf, automake and libtool (Debian: apt-get install g++ make cmake unzip autoconf automake libtool).
// With LAMBDA_RIC=<folder> the one in the node_modules of that folder is used.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RuntimeApi } from './runtime-api.mjs';

const RIC = 'aws-lambda-ric@3.3.0';
const { values } = parseArgs({ options: { invocations: { type: 'string', default: '1000' } } });
const INVOCATIONS = Number(values.invocations);
const LIMIT_MS = 120_000;

function install() {
  const folder = mkdtempSync(join(tmpdir(), 'lambda-ric-'));
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  console.log(`installing ${RIC} into ${folder} ...`);
  const args = ['install', RIC, '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', args, { cwd: folder, stdio: 'inherit' });
  if (status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    console.error(`${RIC} could not be installed; see the head of this file for what it needs.`);
    process.exit(2);
  }
  return folder;
}

const { LAMBDA_RIC } = process.env;
const folder = LAMBDA_RIC ?? install();
const client = join(folder, 'node_modules/aws-lambda-ric/bin/index.mjs');

/** Runs `test` with a function of functions.mjs in a process of the runtime's own. */
async function withFunction(name, test) {
  const api = new RuntimeApi();
  const runtime = spawn(process.execPath, [...process.execArgv, client, `functions.${name}`], {
    cwd: import.meta.dirname,
    env: {
      ...process.env,
      AWS_LAMBDA_RUNTIME_API: await api.listen(),
      AWS_LAMBDA_FUNCTION_NAME: 'orders',
      AWS_LAMBDA_FUNCTION_VERSION: '7',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = [];
  for (const stream of [runtime.stdout, runtime.stderr]) stream.on('data', (chunk) => output.push(chunk));
  runtime.once('exit', (code, signal) => {
    api.fail(new Error(`the runtime has gone (${code ?? signal}):\n${Buffer.concat(output)}`));
  });
  const noAnswer = setTimeout(() => api.fail(new Error(`no answer:\n${Buffer.concat(output)}`)), LIMIT_MS);
  try {
    await test((event, msLeft) => {
      const id = randomUUID();
      return api.invoke(id, event, msLeft).then((answer) => ({ id, ...answer }));
    });
  } finally {
    clearTimeout(noAnswer);
    runtime.kill();
    api.close();
  }
}

/** What every invocation of a warm process has to give, one after the other. */
async function warm(invoke, count) {
  const ids = new Map();
  let left = 0;
  let previous;
  for (let n = 0; n < count; n++) {
    const event = {
      name: `r${n}`,
      leaves: n % 10 === 0,
      fails: n % 7 === 3,
      headers: { 'X-Correlation-Id': `c-${n}` },
    };
    const { id, body, error } = await invoke(event);
    ids.set(event.name, id);
    if (event.fails) {
      assert.deepEqual([error.errorType, error.errorMessage], ['RangeError', event.name]);
    } else {
      assert.deepEqual(body.before, ['none', 'none']);
      assert.deepEqual(body.known, [event.name, event.name, id, id]);
      assert.deepEqual([body.unit, body.correlationId], [id, `c-${n}`]);
      assert.deepEqual(body.info, ['orders', '7', n === 0]);
      assert.ok(body.left > 50_000 && body.left <= 60_000, String(body.left));
      // Its end was awaited before its answer went out.
      assert.equal(body.ended.at(-1), previous);
      for (const [name, ...seen] of body.later) {
        assert.deepEqual(seen, [name, name, ids.get(name), ids.get(name)]);
        left += 1;
      }
    }
    previous = `${event.fails ? 'failed' : 'completed'} ${id}`;
  }
  assert.ok(left > count / 10, `only ${left} reads in work that was left behind`);
  return `${count} invocations, ${left} reads in work that earlier ones had left behind`;
}

const tests = {
  asynchronous: (invoke) => warm(invoke, INVOCATIONS),
  callback: (invoke) => warm(invoke, INVOCATIONS / 5),
  async silent(invoke) {
    const first = await invoke({ name: 'first' });
    assert.equal(first.body, null);
    const { body } = await invoke({ name: 'second', tells: true });
    assert.deepEqual(body, {
      before: ['none', 'none'],
      later: [['first', 'first', 'first', first.id, first.id]],
    });
    return 'one that never calls back is answered with null, and the next one starts empty';
  },
  async late(invoke) {
    const { body } = await invoke({}, 600);
    assert.deepEqual(body, { reason: 'TimeoutError', inTime: true });
    return 'the signal aborts before the time is up';
  },
  async chain(invoke) {
    for (const name of ['a', 'b', 'c']) {
      const { id, body } = await invoke({ name, detail: { trace: `c-${name}` } });
      assert.deepEqual(body, { known: [name, name, id, id], correlationId: `c-${name}` });
    }
    return 'a middy chain runs in the context, correlation id by path included';
  },
  async batch(invoke) {
    const record = (n) => ({
      messageId: `m-${n}`,
      body: `${n}`,
      messageAttributes: { 'x-correlation-id': { stringValue: `c-${n}`, dataType: 'String' } },
    });
    const { body } = await invoke({ Records: [1, 2, 3].map(record) });
    assert.deepEqual(body, { batchItemFailures: [{ itemIdentifier: 'm-2' }] });
    return 'of an SQS batch the record that failed is told';
  },
  streamOutside: streams,
  streamInside: streams,
};

async function streams(invoke) {
  for (const name of ['a', 'b', 'c']) {
    const { id, streamed, body } = await invoke({ name });
    assert.equal(streamed, true);
    const known = [name, name, id, id];
    assert.equal(body, `{"before":["none","none"]}${JSON.stringify({ known, open: true })}`);
  }
  const { error } = await invoke({ name: 'd', fails: true });
  assert.deepEqual([error.errorType, error.errorMessage], ['RangeError', 'd']);
  return 'a stream that the handler does not wait for is in the context to its end; an error goes into the trailers';
}

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  await withFunction(name, async (invoke) => console.log(`ok   ${name}: ${await test(invoke)}`)).catch(
    (error) => {
      failed += 1;
      console.log(`FAIL ${name}: ${error.stack}`);
    },
  );
}
if (LAMBDA_RIC === undefined) rmSync(folder, { recursive: true, force: true });
console.log(
  `${RIC} on Node ${process.version}: ${Object.keys(tests).length - failed} passed, ${failed} failed`,
);
process.exit(failed === 0 ? 0 : 1);
