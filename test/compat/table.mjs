// The compatibility table of the README.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { adapters, clses, combinations, formats, limitationOf, nests, nodes, remarkOf } from './matrix.mjs';

const file = fileURLToPath(new URL('../../README.md', import.meta.url));
const between = /(?<=<!-- compat:start -->\n).*?(?=<!-- compat:end -->)/s;

/** The table as the README has it. */
export function tableInReadme() {
  return readFileSync(file, 'utf8').match(between)?.[0];
}

/** Puts the table into the README, which has to have the markers. */
export function writeTable(table) {
  const readme = readFileSync(file, 'utf8');
  if (!between.test(readme))
    throw new Error('README.md has no lines <!-- compat:start --> and <!-- compat:end -->');
  writeFileSync(
    file,
    readme.replace(between, () => table),
  );
}

/** One row per kind of application, one column per Node.js version. `works` says it of a combination. */
export function renderTable(works) {
  const notes = [];
  const mark = (note) => {
    if (!notes.includes(note)) notes.push(note);
    return ` [${notes.indexOf(note) + 1}]`;
  };

  function cell(applications) {
    const working = applications.filter(works);
    const marks = [...new Set(applications.map((one) => (works(one) ? remarkOf(one) : limitationOf(one))))]
      .filter((note) => note !== undefined)
      .map((note) => mark(note.reason));
    const text =
      working.length === applications.length
        ? 'yes'
        : working.map(({ adapter }) => adapters[adapter]).join(', ') || 'no';
    return text + marks.join('');
  }

  const lines = [];
  for (const nest of Object.keys(nests)) {
    for (const format of Object.keys(formats)) {
      for (const cls of Object.keys(clses)) {
        const cells = Object.keys(nodes).map((node) =>
          cell(
            combinations.filter(
              (one) => one.nest === nest && one.format === format && one.cls === cls && one.node === node,
            ),
          ),
        );
        lines.push(row([nests[nest].label, formats[format].label, clses[cls].label, ...cells]));
      }
    }
  }
  const head = [
    'NestJS',
    'application',
    'nestjs-cls',
    ...Object.values(nodes).map((node) => `Node.js ${node}`),
  ];
  return [
    '',
    row(head),
    row(head.map(() => '---')).replaceAll(' ', ''),
    ...lines,
    '',
    ...notes.map((note, index) => `- [${index + 1}] ${note}`),
    '',
    '',
  ].join('\n');
}

const row = (cells) => `| ${cells.join(' | ')} |`;
