// Seeded bugs: each of bugs.mjs is put into a copy of the sources, and the model (test/model) has to find it. Ends with 1
// where one is not found within the limit, or where the sources as they are do not pass.
//
//   node test/seeded/run.mjs [--limit 50000] [--seed 1] [--bug NAME] [--record]
//
// With --bug only that one, and with a small program that shows it.

import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { compileCore, importCore } from '../model/compiled-core.mjs';
import { explain } from '../model/failing.mjs';
import { record } from '../support/record.mjs';
import { changeFor } from './apply.mjs';
import { bugs } from './bugs.mjs';

const { values } = parseArgs({
  options: {
    limit: { type: 'string', default: '50000' },
    seed: { type: 'string', default: '1' },
    bug: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const limit = Number(values.limit);
const NONE = { name: 'none', says: 'the sources as they are', file: undefined, edits: [] };

const chosen = values.bug === undefined ? [NONE, ...bugs] : bugs.filter(({ name }) => name === values.bug);
if (chosen.length === 0) throw new Error(`no such bug: ${values.bug}`);
console.log(`seeded: seed ${seed}, Node ${process.version}`);
const waiting = [...chosen];
const results = new Map();
await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, huntNext));
for (const bug of chosen) print(bug);

const found = bugs.map((bug) => results.get(bug)).filter((result) => result?.found <= limit);
const slowest = Math.max(0, ...found.map((result) => result.found));
const passes = values.bug !== undefined || results.get(NONE).failed === undefined;
console.log(
  `seeded: ${found.length} of ${values.bug === undefined ? bugs.length : 1} bugs found, the slowest after ${slowest} steps` +
    (passes ? '' : '; the sources as they are do not pass'),
);
if (!passes || found.length < chosen.length - (values.bug === undefined ? 1 : 0)) process.exitCode = 1;
if (values.record && values.bug === undefined) {
  const figures = { bugs: bugs.length, found: found.length, 'slowest after (steps)': slowest };
  record('seeded', { passed: process.exitCode !== 1, seed, figures });
}

async function huntNext() {
  for (let bug = waiting.shift(); bug !== undefined; bug = waiting.shift()) results.set(bug, await hunt(bug));
}

async function hunt(bug) {
  let directory;
  try {
    directory = compileCore(changeFor(bug));
  } catch (error) {
    return { what: error.message };
  }
  try {
    const result = await search(directory);
    if (values.bug !== undefined && result.failed !== undefined) {
      console.log(await explain(await importCore(directory), seed, result.failed));
    }
    return result;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** In a thread: a library that is broken may hang, and must not break the search for the next bug. */
function search(directory) {
  const workerData = { directory, seed, enough: limit, roots: 50, first: 0, by: 1 };
  const worker = new Worker(new URL('../model/thread.mjs', import.meta.url), { workerData });
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ what: 'hangs' }), 600_000);
    worker.on('message', (message) => {
      if (message.steps === undefined) return;
      clearTimeout(timer);
      resolve(message);
    });
    worker.on('error', (error) => resolve({ what: String(error) }));
  }).finally(() => worker.terminate());
}

function print(bug) {
  const { found: after, what } = results.get(bug);
  const seen = after === undefined ? (what ?? 'nothing found') : `found after ${after} steps (${what})`;
  console.log(`${bug.name.padEnd(40)} ${seen}`);
}
