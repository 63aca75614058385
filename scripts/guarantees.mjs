// Writes docs/guarantees.md from what the proof scripts have recorded:
//   node scripts/guarantees.mjs
//   node scripts/guarantees.mjs --check    writes nothing; ends with 1 where the page is not what would be written
// Also ends with 1 where something recorded does not hold, or a test file that is named is not there.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { guarantees } from './guarantees/guarantees.mjs';
import { pageOf } from './guarantees/page.mjs';
import { readResults } from './guarantees/results.mjs';

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const root = new URL('..', import.meta.url);
const file = new URL('docs/guarantees.md', root);

const results = readResults(new URL('test/results/', root));
const page = pageOf(results);
const wrong = [...missingTests(), ...failures()];
if (!values.check) writeFileSync(file, page);
else if (!existsSync(file) || readFileSync(file, 'utf8') !== page)
  wrong.push('docs/guarantees.md is not what test/results say: npm run docs:guarantees');
for (const line of wrong) console.log(`FAIL ${line}`);
const recorded = [...results.values()].filter((runs) => runs.length > 0).length;
console.log(`guarantees: ${recorded} of ${results.size} proofs are recorded, ${wrong.length} wrong`);
if (wrong.length > 0) process.exitCode = 1;

function missingTests() {
  const files = guarantees.flatMap(({ all }) => all).flatMap(({ tests = [] }) => tests);
  return files.filter((name) => !existsSync(new URL(name, root))).map((name) => `there is no ${name}`);
}

function failures() {
  return [...results.values()]
    .flat()
    .filter(({ passed }) => !passed)
    .map(({ file: name }) => `test/results/${name} does not hold`);
}
