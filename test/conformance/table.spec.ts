// docs/conformance.md says which test shows what others assert. It must not rot.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

test('the page is what the list of cases says, each test is there, and each test here is in the list', () => {
  const { stdout, stderr } = spawnSync(process.execPath, [join(__dirname, 'table.mjs'), '--check'], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^conformance: \d+ cases, 0 wrong\n$/);
});
