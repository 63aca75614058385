// Runs the benchmarks: every variant in a fresh process, in rounds of alternating order. `npm run bench` builds the
// library first. `--rounds N` for more or fewer than 5.
//
// Claims are held against the fastest batch of calls over all rounds, as Python's `timeit` advises: what else runs on
// the machine only ever adds time, and on a shared machine it doubles medians. Those are printed beside.

import { execFileSync, spawnSync } from 'node:child_process';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { median } from './median.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const rounds = Number(values.rounds);
const here = import.meta.dirname;

function runVariant(file, name) {
  const args = [...process.execArgv, `${here}/variant.mjs`, file, name];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

function cpython() {
  const run = spawnSync('python3', [`${here}/cpython.py`], { encoding: 'utf8' });
  if (run.status !== 0) {
    console.log('CPython: skipped, there is no python3 on the path\n');
    return {};
  }
  return JSON.parse(run.stdout);
}

const { variants, claims, remarks } = await import('./primitives.mjs');
const names = Object.keys(variants);
const samples = new Map(names.map((name) => [name, []]));

console.log(
  `node ${process.version} ${process.execArgv.join(' ')}, ${os.cpus()[0].model}, ${os.cpus().length} cores`,
);
console.log(`${rounds} rounds, a fresh process per variant and round\n`);
for (let round = 0; round < rounds; round++) {
  for (const name of round % 2 === 0 ? names : [...names].reverse()) {
    samples.get(name).push(runVariant('primitives.mjs', name));
  }
}
const python = cpython();

const ns = (number) => (number === undefined ? '' : number.toFixed(1));
const table = (rows) => console.table(Object.fromEntries(rows.map(({ name, ...row }) => [name, row])));

const fastest = (name) => Math.min(...samples.get(name).map(({ min }) => min));
const medians = (name) => samples.get(name).map((sample) => sample.median);

table(
  names.map((name) => {
    const spread = `${ns(Math.min(...medians(name)))} - ${ns(Math.max(...medians(name)))}`;
    return {
      name,
      'fastest ns': ns(fastest(name)),
      'median ns': ns(median(medians(name))),
      'medians of rounds': spread,
      'CPython ns': ns(python[name]),
    };
  }),
);

const ratio = (name, reference) => fastest(name) / fastest(reference);

/** Ratios of medians are taken within a round, so that a machine that slows down slows both. */
function ratioOfMedians(name, reference) {
  const of = medians(reference);
  return median(medians(name).map((time, round) => time / of[round]));
}

table(
  claims.map(([name, reference, limit]) => {
    const absolute = reference === 'ns';
    const value = absolute ? fastest(name) : ratio(name, reference);
    const ofMedians = absolute ? median(medians(name)) : ratioOfMedians(name, reference);
    return {
      name: absolute ? `${name} [ns]` : `${name} / ${reference}`,
      measured: value.toFixed(2),
      'of medians': ofMedians.toFixed(2),
      claimed: `<= ${limit}`,
      holds: value <= limit,
    };
  }),
);
table(
  remarks.map(([name, reference]) => ({
    name: `${name} / ${reference}`,
    measured: ratio(name, reference).toFixed(2),
  })),
);
