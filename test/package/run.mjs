// Plain Node.js on the built package, each file in a process of its own. Build first.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const here = join(root, 'test/package');
if (!existsSync(join(root, 'dist'))) {
  console.error('test/package: no dist folder; run "npm run build" first');
  process.exit(2);
}

/** A consumer with nothing in node_modules but the package itself and `packages`. */
function consumer(file, ...packages) {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-contextvars-'));
  const installed = join(folder, 'node_modules/nestjs-contextvars');
  cpSync(join(root, 'dist'), join(installed, 'dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(installed, 'package.json'));
  for (const name of packages) {
    cpSync(join(root, 'node_modules', name), join(folder, 'node_modules', name), { recursive: true });
  }
  cpSync(join(here, file), join(folder, file));
  return folder;
}
const alone = consumer('alone.mjs');
const bare = consumer('bare.mjs', 'tsyringe', 'reflect-metadata');

const runs = [
  [here, 'import.mjs'],
  [here, 'require.cjs'],
  [here, 'both.mjs', 'esm-first'],
  [here, 'both.mjs', 'cjs-first'],
  [alone, 'alone.mjs'],
  [bare, 'bare.mjs'],
];
let failed = 0;
for (const [folder, file, ...args] of runs) {
  const { status } = spawnSync(process.execPath, [...process.execArgv, join(folder, file), ...args], {
    cwd: folder,
    stdio: 'inherit',
  });
  if (status !== 0) failed += 1;
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${[file, ...args].join(' ')}`);
}
for (const folder of [alone, bare]) rmSync(folder, { recursive: true, force: true });

console.log(`package: ${runs.length - failed} passed, ${failed} failed (Node ${process.version})`);
process.exit(failed === 0 ? 0 : 1);
