// The packed library in real applications, one for each combination of what it supports:
//   npm run test:compat -- [--quick] [--only nest11,esm]... [--write] [--keep] [--tarball FILE]
// --quick    four combinations instead of all
// --only     those that have all the given parts; more than once for more of them
// --write    puts the table into the README; otherwise the table there has to be the one it would write
// --keep     leaves the applications in the temporary folder
// --tarball  tests this package instead of building and packing one
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { check, compile, install, nodeBinary, pack, run } from './consumers.mjs';
import { combinations, limitationOf, quick } from './matrix.mjs';
import { renderTable, tableInReadme, writeTable } from './table.mjs';

const options = readOptions();
const chosen = combinations.filter(({ name, parts }) => {
  if (options.quick && !quick.includes(name)) return false;
  return options.only.length === 0 || options.only.some((only) => only.every((part) => parts.includes(part)));
});
if (chosen.length === 0) usage('nothing is left to run');
const all = chosen.length === combinations.length;
if (options.write && !all) usage('--write needs all combinations');

const started = performance.now();
const temporary = mkdtempSync(join(tmpdir(), 'nestjs-contextvars-compat-'));
process.on('exit', () => {
  if (options.keep) console.log(`kept: ${temporary}`);
  else rmSync(temporary, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

const tarball = options.tarball ? resolve(options.tarball) : timed('pack', () => pack(temporary));
const binaries = memo((node) => nodeBinary(node));
const folders = memo((versions, nest, cls) => {
  const folder = join(temporary, versions);
  timed(`install ${versions}`, () => install(folder, nest, cls, tarball));
  return folder;
});
const compilations = memo((consumer, folder, format) =>
  timed(`compile ${consumer}`, () => compile(folder, format)),
);

const deviations = [];
const working = new Set();
let limited = 0;
for (const combination of chosen) {
  const limitation = limitationOf(combination);
  const { line, problem, works } = tryOut(combination, limitation);
  if (works) working.add(combination.name);
  if (problem !== undefined) deviations.push(combination.name);
  else if (limitation !== undefined) limited += 1;
  console.log(`${problem === undefined ? 'ok  ' : 'FAIL'} ${combination.name}: ${problem ?? line}`);
}

const expectedTable = renderTable((combination) => limitationOf(combination) === undefined);
let tableIsRight = true;
if (deviations.length > 0) {
  if (options.write) console.log('table: not written, because not everything is as expected');
} else if (options.write) {
  writeTable(renderTable(({ name }) => working.has(name)));
  console.log('table: written into README.md');
} else if (tableInReadme() !== expectedTable) {
  tableIsRight = false;
  console.log(`FAIL README.md has another table; write it with --write:\n${expectedTable}`);
}

for (const name of deviations) console.log(`failed: ${name}`);
if (!tableIsRight) console.log('failed: the table in README.md');
console.log(
  `compat: ${chosen.length} combinations, ${chosen.length - deviations.length - limited} work, ${limited} cannot and say why, ${deviations.length} failed (${seconds(started)})`,
);
process.exit(deviations.length === 0 && tableIsRight ? 0 : 1);

/** Makes and runs the application of a combination; `problem` is what is not as expected of it. */
function tryOut(combination, limitation) {
  const { nest, cls, format } = combination;
  const folder = folders(`${nest}-${cls}`, nest, cls);
  const complaint = compilations(`${nest}-${cls}-${format}`, folder, format);
  const binary = binaries(combination.node);
  const result = complaint === undefined ? run(folder, combination, binary) : { output: complaint };

  if (result.answer === undefined) {
    if (limitation === undefined) return { problem: result.output };
    if (!limitation.fails.test(result.output)) {
      return { problem: `does not fail as expected (${limitation.fails}): ${result.output}` };
    }
    return { line: `cannot work: ${limitation.reason}` };
  }
  const works = true;
  if (limitation !== undefined)
    return { works, problem: `works, but is expected not to: ${limitation.reason}` };
  const problem = check(combination, result);
  return { works: problem === undefined, problem, line: JSON.stringify(result.answer) };
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [] },
        write: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        tarball: { type: 'string' },
      },
    });
    const known = new Set(combinations.flatMap(({ parts }) => parts));
    const only = values.only.map((list) => list.split(/[,-]/));
    const unknown = only.flat().find((part) => !known.has(part));
    if (unknown !== undefined) usage(`--only does not know '${unknown}'; it knows ${[...known].join(', ')}`);
    return { ...values, only };
  } catch (error) {
    return usage(error.message);
  }
}

function usage(problem) {
  console.error(`compat: ${problem}`);
  console.error(
    'usage: npm run test:compat -- [--quick] [--only nest11,esm]... [--write] [--keep] [--tarball FILE]',
  );
  process.exit(2);
}

/** Calls `make` once per first argument. */
function memo(make) {
  const made = new Map();
  return (key, ...args) => {
    if (!made.has(key)) made.set(key, make(key, ...args));
    return made.get(key);
  };
}

function timed(title, fn) {
  const began = performance.now();
  const result = fn();
  console.log(`--   ${title} (${seconds(began)})`);
  return result;
}

function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
