import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

// What a newcomer copies from the README has to do what the README prints below it.

const root = join(__dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const examples = [...readme.matchAll(/```js\n(.*?)```\s+```text\n(.*?)```/gs)].map(
  ([, code = '', output = '']) => ({
    code,
    output,
  }),
);

test('the README has an example with its output', () => {
  expect(examples.length).toBeGreaterThan(0);
});

test.each(examples)('an example of the README prints what stands below it', ({ code, output }) => {
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(printed).toBe(output);
});
