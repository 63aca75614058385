import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WARN_VAR_IN_UNIT } from '../../src/core/variable-warning.js';
import { type Run, root, run, type Snippet, snippetsOf, textOf } from './snippets.js';

const page = 'docs/errors.md';
const headings = [...textOf(page).matchAll(/^## (.*)$/gm)].map(([, title = '']) => title);
const source = readFileSync(join(root, 'src/core/context-error.ts'), 'utf8');
const codes = [...source.matchAll(/^ {2}\| '(ERR_\w+)'/gm)].map(([, code = '']) => code);
const snippets = snippetsOf(page);
const runs = new Map<Snippet, Run>();

beforeAll(async () => {
  for (const snippet of snippets) runs.set(snippet, await run(snippet));
}, 60_000);

test('there is one entry for each code, and for nothing else', () => {
  expect(codes.length).toBeGreaterThan(0);
  expect(headings.filter((title) => title !== WARN_VAR_IN_UNIT)).toEqual(codes);
  expect(headings).toContain(WARN_VAR_IN_UNIT);
});

test.each(headings)('the entry %s has a cause and a remedy', (title) => {
  const entry = textOf(page)
    .split(/^## /m)
    .find((text) => text.startsWith(`${title}\n`));
  expect(entry).toMatch(/^\*\*Cause\.\*\* /m);
  expect(entry).toMatch(/^\*\*Remedy\.\*\* /m);
});

test.each(codes.filter(isRaised))('the entry %s has code that gives it', (code) => {
  const own = snippets.filter(({ heading }) => heading === code);
  expect(own.some((snippet) => runs.get(snippet)?.code === code)).toBe(true);
});

test.each(snippets)('the example at $place prints what stands below it', (snippet) => {
  expect(runs.get(snippet)?.printed).toBe(snippet.output);
});

/** Whether anything in src makes such an error. */
function isRaised(code: string): boolean {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  const raises = new RegExp(`ContextError\\(\\s*'${code}'`);
  return files
    .filter((file) => file.endsWith('.ts'))
    .some((file) => raises.test(readFileSync(join(root, 'src', file), 'utf8')));
}
