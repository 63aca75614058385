import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import './support/pools.js';

// The files that docs/worker-threads.md shows are written down side by side, and do what the page says.

const page = readFileSync(join(__dirname, '../../../docs/worker-threads.md'), 'utf8');
const shown = page.matchAll(/`([\w.]+\.[mc]js)`:\n\n```[mc]js\n(.*?)^```$/gms);
const files = new Map([...shown].map(([, name = '', code = '']) => [name, code]));
const printed = page.match(/`node main\.mjs` prints:\n\n```text\n(.*?)^```$/ms)?.[1];

// Here, so that they find the package by its name.
const folder = mkdtempSync(join(__dirname, 'docs-'));
for (const [name, code] of files) writeFileSync(join(folder, name), code);
afterAll(() => rmSync(folder, { recursive: true }));

const node = async (...args: string[]) =>
  (await promisify(execFile)(process.execPath, args, { cwd: folder })).stdout;

test('the example prints what stands below it', async () => {
  expect([...files.keys()]).toEqual(['variables.mjs', 'totals.worker.mjs', 'main.mjs', 'shout.worker.cjs']);
  await expect(node('main.mjs')).resolves.toBe(printed);
});

test('the CommonJS worker works', async () => {
  const script = `
    const { runInWorker } = require('nestjs-contextvars/worker');
    runInWorker(require('node:path').resolve('shout.worker.cjs'), 'tea').then(console.log);
  `;
  await expect(node('--input-type=commonjs', '--eval', script)).resolves.toBe('TEA\n');
});
