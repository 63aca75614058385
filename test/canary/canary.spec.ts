import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeWithServer } from '../support/servers.js';

// A random value in secret variables must come out at none of the ends: neither as it is, nor in another notation. The same
// run with variables that are not secret shows which ends the check would notice.

const ENGINE_FLAGS = process.execArgv.filter((flag) => /async-context-frame/.test(flag));
const folder = mkdtempSync(join(tmpdir(), 'canary-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = promisify(execFile);

/** What came out, by where. */
async function ends(canary: string, ...options: string[]): Promise<Record<string, string>> {
  const sinks = join(folder, `${randomBytes(4).toString('hex')}.json`);
  const program = join(__dirname, 'program.mjs');
  const args = [...ENGINE_FLAGS, program, '--value', canary, '--sinks', sinks, ...options];
  const { stdout, stderr } = await run(process.execPath, args, { maxBuffer: 1 << 28 });
  return { stdout, stderr, ...(JSON.parse(readFileSync(sinks, 'utf8')) as Record<string, string>) };
}

function notations(text: string): string[] {
  const bytes = Buffer.from(text);
  const encodings = (['utf8', 'hex', 'base64', 'base64url'] as const).map((one) => bytes.toString(one));
  return [
    ...encodings.map((one) => one.replace(/=+$/, '')),
    encodeURIComponent(text),
    [...bytes].join(', '),
    [...bytes].join(','),
  ];
}

function whereFound(found: Record<string, string>, canary: string): string[] {
  return Object.keys(found).filter((end) => notations(canary).some((text) => found[end]?.includes(text)));
}

const canary = (): string => `canary-${randomBytes(12).toString('hex')}`;
const ALWAYS = [
  'stdout',
  'diagnostics',
  'inspect and JSON',
  'log fields',
  'carriers',
  'outgoing requests',
  'worker calls',
];

test('the value of a secret variable is found nowhere', async () => {
  const value = canary();
  const found = await ends(value);
  expect(Object.keys(found)).toEqual(
    expect.arrayContaining([...ALWAYS, 'errors', 'spans', 'variables', 'stderr']),
  );
  expect(whereFound(found, value)).toEqual([]);
  expect(found.errors).not.toContain('no error');
});

test('that of one that is not secret is found where it belongs', async () => {
  const value = canary();
  expect(whereFound(await ends(value, '--plain'), value)).toEqual(expect.arrayContaining(ALWAYS));
});

describeWithServer('redis', 'a queue on Redis', (url) => {
  test('a job row has it only where it is not secret', async () => {
    const value = canary();
    expect(whereFound(await ends(value, '--redis', url), value)).toEqual([]);
    expect(whereFound(await ends(value, '--redis', url, '--plain'), value)).toContain('job rows');
  });
});
