import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { SECTIONS } from '../benchmarks.mjs';
import { labelOf, readResults } from '../harness/results.mjs';
import { unique } from './rows.mjs';
import { aheadList, claimsTable, measuredTable, throughputTable } from './tables.mjs';

const page = new URL('../../docs/benchmarks.md', import.meta.url);
const plots = new URL('../../docs/benchmarks/', import.meta.url);
const between = /(?<=<!-- bench:start -->\n).*?(?=<!-- bench:end -->)/s;

/** Writes the results that there are into docs/benchmarks.md, and its plots. */
export async function writePage() {
  const results = readResults();
  const sections = [];
  for (const { title, names } of Object.values(SECTIONS)) {
    const parts = [];
    for (const name of names) {
      const own = results.filter((result) => result.name === name);
      if (own.length > 0) parts.push(await partOf(name, own));
    }
    if (parts.length > 0) sections.push(`## ${title}\n\n${parts.join('\n\n')}`);
  }
  const text = readFileSync(page, 'utf8');
  if (!between.test(text))
    throw new Error('docs/benchmarks.md has no lines <!-- bench:start --> and <!-- bench:end -->');
  writeFileSync(
    page,
    text.replace(between, () => `\n${[measuredOn(results), ...sections].join('\n\n')}\n\n`),
  );
}

async function partOf(name, results) {
  // Loaded where it is used: to measure, nobody needs it.
  const { chartOf } = await import('./charts.mjs');
  mkdirSync(plots, { recursive: true });
  const file = `${name.replace('/', '-')}.svg`;
  writeFileSync(new URL(file, plots), chartOf(results));
  const [{ title }] = results;
  return [
    `### ${title}`,
    claimText(name),
    `![${title}](benchmarks/${file})`,
    ...results.flatMap((result) => [
      `${labelOf(result)}, ${result.rounds} rounds:`,
      measuredTable(result),
      throughputTable(result),
    ]),
    claimsTable(results),
    aheadList(results),
    `\`node bench/run.mjs ${name}\``,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** What the file of a benchmark begins with. */
function claimText(name) {
  const source = readFileSync(new URL(`../${name}.mjs`, import.meta.url), 'utf8');
  const comment = source.split('\n\n')[0];
  return comment.replace(/^\/\/ ?/gm, '').replaceAll('\n', ' ');
}

function measuredOn(results) {
  return unique(results.map((result) => labelOf(result)))
    .map((label) => {
      const own = results.filter((result) => labelOf(result) === label);
      const { machine, versions } = own
        .toSorted((a, b) => a.machine.date.localeCompare(b.machine.date))
        .at(-1);
      const load = Math.max(...own.map((result) => result.machine.load));
      const used = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
      return (
        `${label}: ${machine.node}, ${machine.cores} cores of an ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.os}, ${machine.date}; ` +
        `load before it began at most ${load}. ${used.join(', ')}.`
      );
    })
    .join('\n\n');
}
