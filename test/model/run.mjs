// Random programs on the library and on a model that passes its contexts by hand; see model.mjs. Ends with 1 where they
// differ, and prints a small program that shows it.
//
//   node test/model/run.mjs [--steps 1000000] [--seed N] [--roots 50] [--threads N] [--schedules 1000] [--built]
//                           [--record]
//   node test/model/run.mjs --seed N --program M      one program of that seed, alone
//
// Works on the sources; with --built on the built package. In each thread as many programs are interleaved as `roots`
// says. `schedules` is the number of programs about the endings of scopes that run under fast-check's scheduler.

import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { record } from '../support/record.mjs';
import { programOf } from './bulk.mjs';
import { compileCore, importCore, loadCore } from './compiled-core.mjs';
import { checkEndings } from './endings.mjs';
import { explain } from './failing.mjs';
import { print } from './print.mjs';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    roots: { type: 'string', default: '50' },
    threads: { type: 'string', default: String(Math.min(4, availableParallelism())) },
    schedules: { type: 'string', default: '1000' },
    program: { type: 'string' },
    built: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const threads = Number(values.threads);
const steps = Number(values.steps);
const number = (n) => Math.round(n).toLocaleString('en');

console.log(
  `model: seed ${seed}, Node ${process.version}${process.execArgv.map((flag) => ` ${flag}`).join('')}`,
);
const directory = values.built ? undefined : compileCore();
try {
  const core = directory === undefined ? await loadCore({ built: true }) : await importCore(directory);
  if (values.program !== undefined) await one(core, Number(values.program));
  else {
    const ofEndings = await endings(core);
    const ofMany = await many(core);
    const passed = process.exitCode !== 1;
    if (values.record) record('model', { passed, seed, figures: { ...ofMany, ...ofEndings } });
  }
} finally {
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
}

async function endings(core) {
  const numRuns = Number(values.schedules);
  const failure = await checkEndings(core, { seed, numRuns });
  const figures = { 'schedules of endings': numRuns, 'mismatches in them': failure === undefined ? 0 : 1 };
  if (failure === undefined) {
    console.log(`model: ${number(numRuns)} schedules of endings, 0 mismatches`);
    return figures;
  }
  console.log(`FAIL in a schedule of endings\n\n${failure}\n`);
  process.exitCode = 1;
  return figures;
}

async function many(core) {
  const started = performance.now();
  const before = process.cpuUsage();
  const results = await Promise.all(Array.from({ length: threads }, (_, first) => thread(first)));
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  const failed = results.filter((result) => result.failed !== undefined);
  console.log(
    `model: ${number(sum('steps'))} steps of ${number(sum('programs'))} programs, ${values.roots} interleaved in each of ` +
      `${threads} threads: ${failed.length} mismatches, ${number(sum('steps') / seconds)} steps a second ` +
      `(${number(sum('steps') / ((user + system) / 1e6))} in a second of CPU)`,
  );
  const figures = {
    steps: sum('steps'),
    programs: sum('programs'),
    roots: Number(values.roots),
    threads,
    mismatches: failed.length,
    'steps a second': Math.round(sum('steps') / seconds),
  };
  if (failed.length === 0) return figures;
  process.exitCode = 1;
  const [{ failed: program, what }] = failed;
  console.log(`FAIL in program ${program} of seed ${seed} (${what})`);
  console.log((await explain(core, seed, program)) ?? 'It does not fail again: run the same seed once more.');
  return figures;
}

async function one(core, program) {
  const text = await explain(core, seed, program);
  console.log(
    text ?? `program ${program} of seed ${seed}: no mismatch\n\n${print(programOf(seed, program))}`,
  );
  if (text !== undefined) process.exitCode = 1;
}

function thread(first) {
  const workerData = {
    directory,
    seed,
    enough: steps / threads,
    roots: Number(values.roots),
    first,
    by: threads,
  };
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./thread.mjs', import.meta.url), { workerData });
    worker.on('message', (message) => {
      if (message.steps !== undefined) resolve(message);
    });
    worker.on('error', reject);
    worker.on('exit', () => reject(new Error('a thread ended without a result')));
  });
}
