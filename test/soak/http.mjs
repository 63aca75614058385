// Requests that overlap on connections that are kept alive and pipelined, to a Nest application with something at every
// stage, on Express and on Fastify: clients leave at random, limits run out, and each stage throws now and then. Each
// request has an identity of its own, which is checked wherever its code runs: in middleware, guards, pipes, interceptors
// and filters, before and after awaits of many kinds, in tasks, branches and temporary scopes, in streams, in listeners of
// the response, in what is left running, at the end.
//
//   npm run build && node test/soak/http.mjs [--requests 1000000] [--concurrency 200] [--adapter express|fastify]
//                                            [--seed N] [--json FILE] [--sabotage NAME]
//
// Must hold on each adapter: 0 crossed, 0 lost (each that was not aborted is answered, with its own identity), 0 unhandled,
// the end told exactly once for each, every stage passed that its kind of request has, less than 16 bytes of heap a request
// over the last 80 %. Works on the built package. Ends with 1 where anything does not hold; with the seed that is printed
// each request is of the same kind again, at times that are up to the machine. `--sabotage` has the server do one thing
// wrong (http/sabotage.mjs), which must be found.

import { randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { record } from '../support/record.mjs';
import { Client } from './http/client.mjs';
import { ALLOWED_BYTES, ALLOWED_GROWTH, FAULTS, judge } from './http/judge.mjs';
import { SABOTAGES } from './http/sabotages.mjs';
import { ServerProcess } from './http/server-process.mjs';

const ADAPTERS = ['express', 'fastify'];
/** How often the heap is measured, at most. */
const SAMPLES = 30;

const { values: args } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000000' },
    concurrency: { type: 'string', default: '200' },
    adapter: { type: 'string', multiple: true, default: ADAPTERS },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    json: { type: 'string' },
    sabotage: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
});
const [requests, concurrency, seed] = [args.requests, args.concurrency, args.seed].map(Number);
for (const [name, value, least] of [
  ['requests', requests, 1],
  ['concurrency', concurrency, 1],
  ['seed', seed, 0],
]) {
  if (!Number.isInteger(value) || value < least)
    throw new TypeError(`--${name} is a whole number, ${least} or more`);
}
for (const adapter of args.adapter) {
  if (!ADAPTERS.includes(adapter)) throw new TypeError(`--adapter is one of ${ADAPTERS.join(', ')}`);
}
if (args.sabotage !== undefined && !SABOTAGES.includes(args.sabotage))
  throw new TypeError(`--sabotage is one of ${SABOTAGES.join(', ')}`);

/** Each with so many requests that they overlap; at its end all are waited for, and the heap is measured. */
const parts = Math.max(2, Math.min(SAMPLES, Math.floor(requests / (10 * concurrency))));

async function soak(adapter) {
  const options = ['--adapter', adapter, '--requests', String(requests)];
  if (args.sabotage !== undefined) options.push('--sabotage', args.sabotage);
  const server = new ServerProcess(options);
  const { port } = await server.says();
  const client = new Client({ port, requests, concurrency, seed });
  const samples = [];
  const started = performance.now();
  for (let part = 1; part <= parts; part++) {
    const sent = Math.round((requests * part) / parts);
    await Promise.race([client.sendUpTo(sent), server.died]);
    const { bytes } = await server.says('sample');
    samples.push({ requests: sent, bytes });
  }
  const seconds = (performance.now() - started) / 1000;
  const served = await server.says('result');
  client.close();
  await server.stop();
  return { adapter, seconds, ...judge({ client, served, samples, requests }), samples };
}

function print(result) {
  const { adapter, seconds, holds, heapHolds, bytesPerRequest, growth, examples } = result;
  console.log(
    `\n${adapter}: ${requests} requests in ${seconds.toFixed(0)} s, ${holds ? 'holds' : 'DOES NOT HOLD'}`,
  );
  console.log(
    `  ${result.answered} answered, ${result.aborted} left by their client, ${result.cut} cut behind a failing file, ` +
      `at most ${result.mostAtOnce} at once, ${result.connections} connections, ${result.checks} checks`,
  );
  for (const [name, what] of Object.entries(FAULTS)) console.log(`  ${result[name]} ${what}`);
  const allowed = `less than ${ALLOWED_BYTES}, or ${ALLOWED_GROWTH / 1e6} MB in all`;
  console.log(
    `  ${bytesPerRequest.toFixed(1)} bytes of heap a request over the last 80 %, ${(growth / 1e6).toFixed(1)} MB in all ` +
      `(${heapHolds ? 'allowed' : 'MORE THAN ALLOWED'}: ${allowed})`,
  );
  for (const example of examples.slice(0, 15)) console.log(`  - ${example.split('\n', 4).join('\n')}`);
}

const node = [process.version, ...process.execArgv].join(' ');
console.log(
  `node ${node}, seed ${seed}: ${requests} requests on ${args.adapter.join(' and ')}, ${concurrency} at once`,
);
// Beside each other: each server has a core for itself, and the clients need little.
const results = await Promise.all(args.adapter.map(soak));
for (const result of results) print(result);
if (args.json !== undefined) {
  const adapters = Object.fromEntries(
    results.map(({ adapter, samples, examples, ...figures }) => [adapter, figures]),
  );
  await writeFile(args.json, `${JSON.stringify({ node, seed, requests, concurrency, adapters }, null, 2)}\n`);
}
process.exitCode = results.every(({ holds }) => holds) ? 0 : 1;
if (args.record && args.sabotage === undefined) {
  const figures = { 'requests on each': requests, 'at once': concurrency };
  for (const { adapter, ...result } of results) {
    for (const name of ['answered', 'aborted', 'checks', ...Object.keys(FAULTS)])
      figures[`${adapter}: ${name}`] = result[name];
    figures[`${adapter}: bytes a request`] = Number(result.bytesPerRequest.toFixed(1));
  }
  record('soak', { passed: process.exitCode === 0, seed, figures });
}
