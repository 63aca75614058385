// Two tsc runs (ESM and CommonJS), each folder marked with its module type.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

rmSync(`${root}/dist`, { recursive: true, force: true });
for (const [format, type] of [
  ['esm', 'module'],
  ['cjs', 'commonjs'],
]) {
  try {
    execFileSync(process.execPath, [tsc, '-p', `tsconfig.${format}.json`], { cwd: root, stdio: 'inherit' });
  } catch (error) {
    // tsc has said what is wrong; a stack trace of this script would only bury it.
    process.exit(error.status ?? 1);
  }
  writeFileSync(`${root}/dist/${format}/package.json`, `${JSON.stringify({ type })}\n`);
}
