import { execFile } from 'node:child_process';
import { join } from 'node:path';

// The elevation matrix finds nothing in the library as it is, and can find something: it does in broken ones. All of it is
// `npm run test:elevation`, and `npm run test:elevation -- --broken`.

const SOME = 'AsyncResource made|createTask$|setImmediate|sibling|awaited callee|scoped instance';

const ENGINE_FLAGS = process.execArgv.filter((flag) => /async-context-frame/.test(flag));

interface Run {
  readonly status: unknown;
  readonly printed: string;
}

/** In a process of its own: the first copy of the library that a process loads is the one that it has. */
function run(...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    const script = join(__dirname, 'run.mjs');
    execFile(process.execPath, [...ENGINE_FLAGS, script, '--seed', '1', ...args], (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : error.code, printed: stdout + stderr }),
    );
  });
}

jest.setTimeout(120_000);

test('nobody gets at a temporary value by any route, whatever the ending and the kind of variable', async () => {
  const { status, printed } = await run();
  expect(printed).toMatch(/ reads: 0 leaks, 0 combinations wrong/);
  expect(status).toBe(0);
});

test.each([
  ['elevation captured', /FAIL createTask; .* admin .* and refused is right/],
  [
    'lease one microtask late',
    /FAIL an AsyncResource made inside; .* at: admin .* and (clerk|refused) is right/,
  ],
  ['lease outlives a throw', /FAIL setImmediate; throw; .* after: admin/],
  ['instance built under a temporary binding', /FAIL a scoped instance .* admin .* and clerk is right/],
])('a library with the bug "%s" is found out', async (bug, finding) => {
  const { status, printed } = await run('--bug', bug, '--only', SOME);
  expect(printed).toMatch(finding);
  expect(status).toBe(1);
});
