// Core as plain JavaScript in a temporary directory: from the sources as they are now, or from a changed copy of them.
// No build is needed, and none can be forgotten.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformSync } from '@swc/core';

const SOURCE = fileURLToPath(new URL('../../src', import.meta.url));
/** What the model knows of: core, and the scoped instances of the container. */
const ROOMS = ['core', 'container'];

/** Compiles these rooms, each file after `change(text, file)`; gives the directory with `core/index.js` in it. */
export function compileCore(change = (text) => text) {
  const directory = mkdtempSync(join(tmpdir(), 'contextvars-model-'));
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  for (const room of ROOMS) {
    mkdirSync(join(directory, room));
    for (const name of readdirSync(join(SOURCE, room)).filter((file) => file.endsWith('.ts'))) {
      const file = `${room}/${name}`;
      const { code } = transformSync(change(readFileSync(join(SOURCE, file), 'utf8'), file), {
        swcrc: false,
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { useDefineForClassFields: false },
        },
        module: { type: 'es6' },
      });
      writeFileSync(join(directory, file.replace(/\.ts$/, '.js')), code);
    }
  }
  return directory;
}

/** What the entry `./core` of a compiled directory exports, and `Scoped` of the container. */
export async function importCore(directory) {
  const load = (file) => import(pathToFileURL(join(directory, file)).href);
  const { Scoped } = await load('container/internal.js');
  return { ...(await load('core/index.js')), Scoped };
}

/** The same of the sources as they are, or, with `built`, of the package as it was built last: without `Scoped`. */
export async function loadCore({ built = false } = {}) {
  if (built) return import('nestjs-contextvars/core');
  const directory = compileCore();
  try {
    return await importCore(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
