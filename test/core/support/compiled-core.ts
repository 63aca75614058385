import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transformSync } from '@swc/core';

const SOURCE = join(__dirname, '../../../src/core');

/** Core as plain JavaScript in a directory of its own, for what has to run outside of the test runner. */
export interface CompiledCore {
  /** Where test files may be written: `./core/index.js` is the entry. */
  readonly directory: string;
  write(file: string, source: string): void;
  /** Runs a file of the directory in a process of its own; gives what it printed. */
  run(file: string, source: string, env?: Record<string, string>): { stdout: string; stderr: string };
  remove(): void;
}

export function compileCore(type: 'commonjs' | 'es6'): CompiledCore {
  const directory = mkdtempSync(join(tmpdir(), 'contextvars-'));
  const core = join(directory, 'core');
  mkdirSync(core);
  writeFileSync(
    join(directory, 'package.json'),
    JSON.stringify({ type: type === 'es6' ? 'module' : 'commonjs' }),
  );
  for (const name of readdirSync(SOURCE)) {
    const { code } = transformSync(readFileSync(join(SOURCE, name), 'utf8'), {
      swcrc: false,
      jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true } },
      module: { type },
    });
    writeFileSync(join(core, name.replace(/\.ts$/, '.js')), code);
  }
  return {
    directory,
    write: (file, source) => writeFileSync(join(directory, file), source),
    run(file, source, env) {
      const path = join(directory, file);
      writeFileSync(path, source);
      const { stdout, stderr, status } = spawnSync(process.execPath, [path], {
        encoding: 'utf8',
        env: { ...process.env, ...env },
      });
      if (status !== 0) throw new Error(`${file} ended with ${status}: ${stderr}`);
      return { stdout, stderr };
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
