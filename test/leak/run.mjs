// What may hold on to a unit of work after its end, and what is kept then: of the unit its request, its response and its
// scoped instances must be collected while the holder lives, and everything of its context once the holder is gone.
// Units of work are opened by runUnitOfWork, createTask, preserved calls, and requests on Express and on Fastify.
//
//   npm run build && node --expose-gc test/leak/run.mjs [--units 10000] [--holder NAME] [--json FILE]
//
// Works on the built package. Prints a line for each kind of holder; ends with 1 where anything is kept.

import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { record } from '../support/record.mjs';
import { startApplications, workIs } from './application.mjs';
import { holders } from './holders.mjs';
import { openersOf } from './openers.mjs';
import { Watching } from './watching.mjs';

if (globalThis.gc === undefined) throw new Error('this needs --expose-gc');
const { values: args } = parseArgs({
  options: {
    units: { type: 'string', default: '10000' },
    holder: { type: 'string', multiple: true },
    json: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
});
const units = Number(args.units);
if (!Number.isInteger(units) || units < 1) throw new TypeError('--units is a whole number above 0');
const names = args.holder ?? Object.keys(holders);
for (const name of names) if (!(name in holders)) throw new TypeError(`no holder is called '${name}'`);

const apps = await startApplications();
const openers = Object.values(openersOf(apps));

/** Units in which nothing is held: until then V8 has the last receivers of its calls in its registers and caches. */
async function openOthers() {
  workIs(undefined, undefined);
  for (const open of openers) await open(20);
}

async function openUnits(holder, count) {
  const used = holder.onItsOwn ? openers.filter(({ eachOnItsOwn }) => eachOnItsOwn) : openers;
  for (const [i, open] of used.entries()) {
    const share = Math.floor((count + i) / used.length);
    if (holder.onItsOwn) holder.opened(await open.eachOnItsOwn(share));
    else await open(share);
  }
}

const sum = (counts) => Object.values(counts).reduce((all, one) => all + one, 0);

function add(total, counts) {
  for (const [what, count] of Object.entries(counts)) total[what] = (total[what] ?? 0) + count;
}

/** What is held on purpose has to be found: else nothing that a run says means anything. */
async function checkThatKeptIsFound() {
  const watching = new Watching();
  const kept = [{}, {}, {}];
  for (const object of kept) watching.of('unit', 'control', object);
  watching.of('unit', 'control', {});
  const { control } = await watching.collected('unit');
  if (control !== kept.length) throw new Error(`${kept.length} objects are kept, ${control} were found`);
}

async function tryHolder(name) {
  const started = performance.now();
  const holder = await holders[name]();
  const result = { holder: name, units: 0, watched: 0, contexts: 0, keptMeanwhile: {}, keptAfter: {} };
  while (result.units < units) {
    const count = Math.min(units - result.units, holder.most ?? units);
    await tryUnits(holder, count, result);
    result.units += count;
  }
  await holder.stop?.();
  const kept = sum(result.keptMeanwhile) + sum(result.keptAfter);
  // One that has held no context shows nothing.
  const isVacuous = holder.keeps === true && result.contexts < result.units;
  return { ...result, seconds: (performance.now() - started) / 1000, holds: kept === 0 && !isVacuous };
}

async function tryUnits(holder, count, result) {
  const watching = new Watching();
  workIs((unit) => holder.hold(unit), watching);
  await openUnits(holder, count);
  await openOthers();
  const meanwhile = holder.keeps === false ? ['unit', 'context'] : ['unit'];
  add(result.keptMeanwhile, await watching.collected(...meanwhile));
  result.contexts += watching.left('context').unit ?? 0;
  await holder.release();
  await openOthers();
  add(result.keptAfter, await watching.collected('unit', 'context'));
  result.watched += watching.count('unit') + watching.count('context');
}

const listOf = (counts) =>
  Object.entries(counts)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ') || '0';

const node = [process.version, ...process.execArgv].join(' ');
const started = performance.now();
console.log(`node ${node}: ${units} units of work for each of ${names.length} kinds of holder\n`);
console.log(
  `${'holder'.padEnd(40)}   units  contexts held  kept meanwhile of the unit  kept afterwards of anything`,
);
await checkThatKeptIsFound();
const results = [];
for (const name of names) {
  const result = await tryHolder(name);
  results.push(result);
  const figures = [
    name.padEnd(40),
    String(result.units).padStart(7),
    String(result.contexts).padStart(14),
    listOf(result.keptMeanwhile).padStart(27),
    listOf(result.keptAfter).padStart(28),
  ];
  console.log(`${figures.join(' ')}${result.holds ? '' : '  DOES NOT HOLD'}`);
}
for (const app of Object.values(apps)) await app.close();

const seconds = (performance.now() - started) / 1000;
const failed = results.filter(({ holds }) => !holds);
console.log(`\n${failed.length} of ${results.length} kinds keep what they must not, ${seconds.toFixed(0)} s`);
if (args.json !== undefined) {
  const figures = { node, units, seconds, holders: results };
  await writeFile(args.json, `${JSON.stringify(figures, null, 2)}\n`);
}
process.exitCode = failed.length === 0 ? 0 : 1;
if (args.record) {
  const total = (number) => results.reduce((all, one) => all + number(one), 0);
  const figures = {
    'kinds of holder': results.length,
    'units of each': units,
    'objects watched': total((one) => one.watched),
    'of a unit kept after its end': total((one) => sum(one.keptMeanwhile)),
    'anything kept after its holder': total((one) => sum(one.keptAfter)),
  };
  record('leak', { passed: failed.length === 0, figures });
}
