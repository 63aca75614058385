import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { snippetsOf, textOf, transpiled } from '../../docs/snippets.js';

// What docs/tracing.md shows does what the page says, on the built package. Its types are checked with those of the other pages.

const page = textOf('docs/tracing.md');
const shown = page.matchAll(/`([\w.]+\.mjs)`:\n\n```mjs\n(.*?)^```$/gms);
const files = new Map([...shown].map(([, name = '', code = '']) => [name, code]));
const printed = page.match(/`node main\.mjs` prints:\n\n```text\n(.*?)^```$/ms)?.[1];

// Here, so that they find the package by its name.
const folder = mkdtempSync(join(__dirname, 'docs-'));
for (const [name, code] of files) writeFileSync(join(folder, name), code);
afterAll(() => rmSync(folder, { recursive: true }));

const node = async (...args: string[]) =>
  (await promisify(execFile)(process.execPath, args, { cwd: folder })).stdout;

test('the example with a thread prints what stands below it', async () => {
  expect([...files.keys()]).toEqual(['tracing.mjs', 'totals.worker.mjs', 'main.mjs']);
  await expect(node('main.mjs')).resolves.toBe(printed);
}, 60_000);

const snippets = snippetsOf('docs/tracing.md');

test.each(snippets.filter(({ language }) => language === 'js'))(
  'the example at $place prints what stands below it',
  async ({ code, output }) => {
    expect(await node('--input-type=module', '--eval', code)).toBe(output);
  },
  60_000,
);

test.each(snippets.filter(({ language }) => language === 'ts'))(
  'the example at $place runs',
  async ({ code }) => {
    const script = `import 'reflect-metadata';\n${transpiled(code, ts.ModuleKind.ESNext)}`;
    expect(await node('--input-type=module', '--eval', script)).toBe('');
  },
  60_000,
);
