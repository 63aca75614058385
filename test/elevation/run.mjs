// The elevation matrix: each route by which work can get at a temporary value (routes/), by each way in which a call ends
// (endings.mjs), by each kind of variable (kinds.mjs). What is read during the call, in the microtask in which it settles
// and later is compared with what is allowed (expected.mjs). Ends with 1 where anything differs, or was not read.
//
//   node test/elevation/run.mjs [--rounds 1] [--seed N] [--built] [--only REGEXP] [--record]
//   node test/elevation/run.mjs --bug NAME      on a core that is broken as test/seeded/bugs.mjs says: must end with 1
//   node test/elevation/run.mjs --broken        on several of them, one after the other: ends with 1 where one is not found
//
// Works on the sources; with --built on the built package, which does not show the container's scoped instances.

import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compileCore, importCore, loadCore } from '../model/compiled-core.mjs';
import { changeFor } from '../seeded/apply.mjs';
import { bugs } from '../seeded/bugs.mjs';
import { record } from '../support/record.mjs';
import { runMatrix } from './matrix.mjs';
import { summaryOf, textOf } from './table.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    built: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    bug: { type: 'string' },
    broken: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new TypeError('--rounds is a whole number above 0');
if (!Number.isInteger(seed)) throw new TypeError('--seed is a whole number');
const only = new RegExp(values.only);
const number = (n) => n.toLocaleString('en');

/** Those of the seeded bugs that are about temporary values, with which the matrix has to be able to fail. */
const BROKEN = [
  'no lease',
  'lease one microtask late',
  'lease ends with the return',
  'lease outlives a throw',
  'lease outlives its unit',
  'late read falls back',
  'captured read falls back',
  'elevation captured',
  'fork outlives its scope',
  'run sets',
  'instance built under a temporary binding',
];

// Refused reads are a part of it; nobody looks at their stacks.
Error.stackTraceLimit = 0;
if (values.broken) tryBroken();
else await tryCore();

async function tryCore() {
  const started = performance.now();
  const bug = values.bug === undefined ? undefined : bugs.find(({ name }) => name === values.bug);
  if (values.bug !== undefined && bug === undefined) throw new Error(`no such bug: ${values.bug}`);
  const directory = values.built ? undefined : compileCore(bug && changeFor(bug));
  try {
    const core = await (directory === undefined ? loadCore(values) : importCore(directory));
    report(await runMatrix(core, { directory, rounds, seed, only }), (performance.now() - started) / 1000);
  } finally {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  }
}

function report(matrix, seconds) {
  const { routes, endings, kinds, results } = matrix;
  const summary = summaryOf(matrix);
  console.log(`elevation: seed ${seed}, Node ${[process.version, ...process.execArgv].join(' ')}\n`);
  console.log(`${textOf(summary, 'kinds')}\n\n${textOf(summary, 'endings')}\n`);
  const failed = results.filter(({ wrong }) => wrong.length > 0);
  for (const { route, ending, kind, wrong } of failed.slice(0, 20))
    console.log(`FAIL ${route.name}; ${ending.name}; ${kind.name}: ${wrong.join('; ')}`);
  const reads = results.reduce((sum, one) => sum + one.reads, 0);
  const leaks = results.reduce((sum, one) => sum + one.leaks, 0);
  console.log(
    `elevation: ${routes.length} routes, ${endings.length} endings, ${kinds.length} kinds, ${number(results.length)} combinations, ` +
      `${rounds} rounds, ${number(reads)} reads: ${leaks} leaks, ${failed.length} combinations wrong, ${seconds.toFixed(1)} s`,
  );
  const passed = failed.length === 0;
  if (!passed) process.exitCode = 1;
  if (!values.record || values.bug !== undefined || values.only !== '') return;
  const figures = {
    routes: routes.length,
    endings: endings.length,
    kinds: kinds.length,
    combinations: results.length,
    rounds,
    reads,
    leaks,
    'combinations wrong': failed.length,
  };
  record('elevation', { passed, seed, figures, details: summary });
}

/** In a process each: the first copy of the library that a process loads is the one that it has. */
function tryBroken() {
  for (const name of BROKEN) {
    const args = [
      fileURLToPath(import.meta.url),
      '--bug',
      name,
      '--seed',
      String(seed),
      '--only',
      values.only,
    ];
    const { stdout, status, signal } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      timeout: 120_000,
    });
    const found = status === 1 && stdout.includes('FAIL');
    const last = stdout.trim().split('\n').at(-1);
    console.log(`${name.padEnd(42)} ${found ? last : `NOT FOUND (${signal ?? status}): ${last}`}`);
    if (!found) process.exitCode = 1;
  }
}
