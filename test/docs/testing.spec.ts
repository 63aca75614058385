import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root, type Snippet, snippetsOf, transpiled } from './snippets.js';

// The tests that docs/testing.md shows are tests: they are run here as they stand.

const examples = snippetsOf('docs/testing.md');
const isForVitest = ({ code }: Snippet) => code.includes("from 'vitest'");

describe.each(examples.filter((snippet) => !isForVitest(snippet)))('the example at $place', ({ code }) => {
  const body = new Function('require', 'exports', transpiled(code, ts.ModuleKind.CommonJS));
  body(require, {});
});

test('the example for vitest is one that vitest runs', () => {
  const file = readFileSync(join(root, 'test/vitest/ledger.test.ts'), 'utf8');
  expect(examples.filter(isForVitest).map(({ code }) => code)).toEqual([file]);
});
