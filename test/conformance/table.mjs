// The table of docs/conformance.md, from cases.mjs:
//   node test/conformance/table.mjs           writes it into the page
//   node test/conformance/table.mjs --check   the page has to be what it would write, and each test has to be there
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { groups } from './cases.mjs';

const root = new URL('../../', import.meta.url);
const page = new URL('docs/conformance.md', root);
const between = /(?<=<!-- conformance:start -->\n).*?(?=<!-- conformance:end -->)/s;

const all = groups.flatMap(({ cases }) => cases);
const wrong = [...wrongReferences(), ...unnamedTests()];

const text = readFileSync(page, 'utf8');
const written = text.replace(between, () => `\n${table()}\n`);
if (process.argv.includes('--check')) {
  if (written !== text)
    wrong.push('docs/conformance.md is not what cases.mjs says: node test/conformance/table.mjs');
} else writeFileSync(page, written);

for (const line of wrong) console.log(`FAIL ${line}`);
console.log(`conformance: ${all.length} cases, ${wrong.length} wrong`);
if (wrong.length > 0) process.exitCode = 1;

/** Tests and pages that are not there, and tests that are not run. */
function wrongReferences() {
  return all.flatMap(({ name, file, title, page: decision }) => {
    const lines = [];
    if (file !== undefined) {
      const titles = existsSync(new URL(file, root)) ? titlesOf(file) : new Map();
      const call = titles.get(title);
      if (call === undefined) lines.push(`${name}: ${file} has no test '${title}'`);
      else if (/\.(?:skip|todo|only|failing)\b/.test(call)) lines.push(`${name}: '${title}' is ${call}`);
    }
    if (decision !== undefined && !existsSync(new URL(`docs/${decision}`, root)))
      lines.push(`${name}: there is no docs/${decision}`);
    return lines;
  });
}

/** Tests of this folder that no case speaks of. */
function unnamedTests() {
  const named = new Set(all.map(({ file, title }) => `${file}: ${title}`));
  const files = readdirSync(new URL('test/conformance/', root)).filter((name) => name.endsWith('.spec.ts'));
  return files
    .map((name) => `test/conformance/${name}`)
    .flatMap((file) => [...titlesOf(file)].map(([title, call]) => ({ file, title, call })))
    .filter(({ file, title, call }) => !call.startsWith('describe') && !named.has(`${file}: ${title}`))
    .filter(({ file }) => file !== 'test/conformance/table.spec.ts')
    .map(({ file, title }) => `${file}: no case of cases.mjs is shown by '${title}'`);
}

/** The titles of a file's tests and groups, with what they are given to. */
function titlesOf(file) {
  const source = readFileSync(new URL(file, root), 'utf8');
  const titles = new Map();
  // What a table of `each` is may hold anything: its title comes after it.
  const calls =
    /\b(test|describe)((?:\.\w+)*)(?:<[^>]*>)?\(\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`([^`]*)`)/g;
  for (const [, call, modifiers, ...quoted] of source.matchAll(calls))
    titles.set(unescaped(quoted), `${call}${modifiers}`);
  const afterEach = /^\s*\]?\)?\)\(\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`([^`]*)`)/gm;
  for (const [, ...quoted] of source.matchAll(afterEach)) titles.set(unescaped(quoted), 'test.each');
  const inlineEach =
    /\b(test|describe)((?:\.\w+)*)\.each(?:<[^>]*>)?\([^\n]*\)\(\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`([^`]*)`)/g;
  for (const [, call, modifiers, ...quoted] of source.matchAll(inlineEach))
    titles.set(unescaped(quoted), `${call}${modifiers}.each`);
  return titles;
}

function unescaped(quoted) {
  return quoted.find((one) => one !== undefined).replaceAll(/\\(.)/g, '$1');
}

function table() {
  return groups
    .map(({ title, cases, numbered = false }) => {
      const head = ['no', 'case', 'shown by', 'what differs'];
      const rows = cases.map((one, i) => [String(i + 1), one.name, shownBy(one), differing(one)]);
      const columns = numbered ? [0, 1, 2, 3] : [1, 2, 3];
      const lines = [head, head.map(() => '---'), ...rows].map(
        (cells) => `| ${columns.map((i) => cells[i]).join(' | ')} |`,
      );
      return `### ${title}\n\n${lines.join('\n')}\n`;
    })
    .join('\n');
}

function shownBy({ file, title }) {
  if (file === undefined) return 'not applicable';
  return `[${file.split('/').at(-1)}](../${file}): ${title.replaceAll('|', '\\|').replace('%s', '…').replace('%p', '…')}`;
}

function differing({ note = '', page: decision }) {
  if (decision === undefined) return note;
  return `**departure**: ${note} ([${decision.split('/').at(-1)}](${decision}))`;
}
