// Every place where user code runs, failing a thousand times, on the built package (`npm run build`):
//   node test/throws/run.mjs [--times 1000] [--only REGEXP] [--json FILE]
//
// Must hold at each site, each time: what the caller sees of its context is what it saw before, right after the call and
// when the error has arrived; the error arrives where it belongs, once (at the caller, in the log, or, where Node or RxJS call
// the code, at the process), and nothing else is unhandled; units of work and tasks have ended, and what was left running has
// lost its temporary role; the next use of the same place works; a neighbour that is under way sees nothing of it. A request is
// answered, as itself, and ends once; so is the next one on its connection.

import { AsyncLocalStorage } from 'node:async_hooks';
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { record } from '../support/record.mjs';

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '1000' },
    only: { type: 'string', default: '' },
    json: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
});
const times = Number(values.times);
if (!Number.isInteger(times) || times < 1) throw new TypeError('--times must be a number of times');

/** The longest first: two at a time, for two cores. */
const parts = {
  express: 'a request on Express',
  fastify: 'a request on Fastify',
  calls: 'a function that core calls',
  core: 'other code that core calls',
  stack: 'the end of the stack',
};

/** Gives the sites of a part; one that has not come to its end is a site that failed. */
function run(part) {
  return new Promise((resolve) => {
    const sites = [];
    const child = fork(new URL('part.mjs', import.meta.url), [part, String(times), values.only], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    // At the end of the stack Node prints what it could not do. It matters where a part dies.
    let printed = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      printed = (printed + text).slice(-2000);
    });
    child.on('message', (site) => sites.push({ part, ...site }));
    child.on('exit', (code, signal) => {
      if (code !== 0) {
        const wrong = [`the process ended with ${signal ?? code}: ${printed}`];
        sites.push({ part, name: `after ${sites.at(-1)?.name ?? 'the start'}`, times: 0, wrong, ms: 0 });
      }
      resolve(sites);
    });
  });
}

async function runAll() {
  const waiting = Object.keys(parts);
  const byPart = new Map();
  const work = async () => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift())
      byPart.set(part, await run(part));
  };
  await Promise.all([work(), work()]);
  return Object.keys(parts).flatMap((part) => byPart.get(part));
}

const began = performance.now();
const sites = await runAll();
const seconds = (performance.now() - began) / 1000;

const failed = sites.filter(({ wrong }) => wrong.length > 0);
const width = Math.max(4, ...sites.map(({ name }) => name.length));
let last;
for (const { part, name, times: tried, wrong } of sites) {
  if (part !== last) console.log(`\n${parts[part]}`);
  last = part;
  console.log(
    `  ${name.padEnd(width)}  ${String(tried).padStart(6)}  ${wrong.length === 0 ? 'ok' : 'FAILED'}`,
  );
  for (const line of wrong) console.log(`      ${line}`);
}
const attempts = sites.reduce((sum, { times: tried }) => sum + tried, 0);
const engine = '_enable' in AsyncLocalStorage.prototype ? 'async_hooks' : 'AsyncContextFrame';
console.log(
  `\nthrows: Node ${process.version} (${engine}), ${sites.length} sites, ${attempts} errors, ${failed.length} sites failed, ` +
    `${seconds.toFixed(1)} s`,
);
if (values.json !== undefined) {
  const result = {
    node: process.version,
    engine,
    times,
    seconds: Number(seconds.toFixed(1)),
    attempts,
    failed: failed.length,
    sites: sites.map(({ part, name, times: tried, wrong }) => ({
      part: parts[part],
      name,
      times: tried,
      ok: wrong.length === 0,
      wrong,
    })),
  };
  writeFileSync(values.json, `${JSON.stringify(result, undefined, 2)}\n`);
}
// Nothing tried is nothing shown.
if (failed.length > 0 || sites.length === 0) process.exitCode = 1;
if (values.record) {
  const figures = { sites: sites.length, 'errors thrown': attempts, 'sites failed': failed.length };
  record('throws', { passed: process.exitCode !== 1, figures });
}
