// Runs the benchmarks on the Node.js that runs this, each variant in a fresh process, in rounds of alternating order, and writes
// bench/results/*.json, docs/benchmarks.md and its plots. `npm run bench` builds the library first.
//
//   node bench/run.mjs [names or sections]... [--rounds N] [--no-write] [--page]
//
// names       such as `growth` or `requests/floor`; default: all but those that are for a closer look
// --rounds    in the place of what each benchmark takes by default
// --no-write  prints only
// --page      measures nothing, and makes the page of the results that there are
//
// For another Node.js: node scripts/with-node.mjs 24 bench/run.mjs

import { parseArgs } from 'node:util';
import { chosen } from './benchmarks.mjs';
import { claimsOf } from './harness/claims.mjs';
import { machine, versions } from './harness/machine.mjs';
import { writeResult } from './harness/results.mjs';
import { aheadOfUs } from './harness/rivals.mjs';
import { printResult } from './report/console.mjs';
import { writePage } from './report/page.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string' },
    'no-write': { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
  },
});

const begun = performance.now();
const failed = options.page ? [] : await measureAll();
if (!options['no-write']) {
  await writePage();
  console.log('\nwritten: bench/results, docs/benchmarks.md');
}
console.log(`${((performance.now() - begun) / 1000).toFixed(0)} s`);
for (const claim of failed) console.log(`does not hold: ${claim}`);
process.exit(failed.length === 0 ? 0 : 1);

/** Gives the claims that do not hold. */
async function measureAll() {
  const here = machine();
  const used = versions();
  console.log(`node ${here.node}, ${here.cpu}, ${here.cores} cores, load ${here.load}`);
  if (!here.onOneCore) console.log('no taskset: what takes turns does so on any core');
  const failed = [];
  for (const { section, name } of chosen(positionals)) {
    const { benchmark } = await import(`./${name}.mjs`);
    if (benchmark.onDemand && positionals.length === 0) continue;
    if (benchmark.needs !== undefined) {
      console.log(`\n${name}: left out, there is no ${benchmark.needs}`);
      continue;
    }
    const { title, axis, reference } = benchmark;
    const rounds = Number(options.rounds ?? benchmark.rounds);
    const started = performance.now();
    const rows = await benchmark.run(rounds);
    const seconds = (performance.now() - started) / 1000;
    const result = {
      ...{ name, section, title, axis, reference, rounds, seconds, machine: here, versions: used, rows },
      claims: claimsOf(benchmark, rows),
      ahead: aheadOfUs(benchmark, rows),
    };
    printResult(result);
    if (!options['no-write']) writeResult(result);
    failed.push(...result.claims.filter(({ holds }) => !holds).map(({ what }) => `${name}: ${what}`));
  }
  return failed;
}
