// The tests of core in this process: sources are compiled by swc when they are required, as under Jest, but no test has globals
// of its own. Each file of tests gets a copy of the library of its own. The names that Jest makes global are Jest's.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire, Module } from 'node:module';
import { dirname } from 'node:path';
import { jestExpect } from '@jest/expect';
import { ModernFakeTimers } from '@jest/fake-timers';
import { transformSync } from '@swc/core';
import circus, { getState, resetState } from 'jest-circus';
import { ModuleMocker } from 'jest-mock';
import everything from '../../jest.config.mjs';

const [[, swc]] = Object.values(everything.projects[0].transform);

/** Where the first copy of the library that is loaded can be found by the others. */
const LIBRARY = Symbol.for('nestjs-contextvars.v1');

const mocker = new ModuleMocker(globalThis);
const timers = new ModernFakeTimers({ global: globalThis, config: { rootDir: process.cwd() } });

const jest = {
  fn: mocker.fn.bind(mocker),
  spyOn: mocker.spyOn.bind(mocker),
  useFakeTimers: (options) => timers.useFakeTimers(options),
  useRealTimers: () => timers.useRealTimers(),
  setSystemTime: (now) => timers.setSystemTime(now),
};

/** For a test that failed before it did so itself. */
export function restoreGlobals() {
  mocker.restoreAllMocks();
  timers.useRealTimers();
}

function requireTypeScript() {
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (request, parent, ...rest) {
    // TypeScript's ESM sources say './x.js' for './x.ts'.
    const source = request.replace(/\.js$/, '.ts');
    const typescript =
      request.startsWith('.') && parent?.filename && existsSync(`${dirname(parent.filename)}/${source}`);
    return resolve.call(this, typescript ? source : request, parent, ...rest);
  };
  const compiled = new Map();
  const compile = (filename) =>
    transformSync(readFileSync(filename, 'utf8'), { ...swc, filename, sourceMaps: false }).code;
  Module._extensions['.ts'] = (module, filename) => {
    if (!compiled.has(filename)) compiled.set(filename, compile(filename));
    module._compile(compiled.get(filename), filename);
  };
}

/** The next one that requires the library gets a copy of its own. */
function forgetLibrary(require, root) {
  for (const file of Object.keys(require.cache))
    if (file.startsWith(root) && file.endsWith('.ts')) delete require.cache[file];
  Object.defineProperty(globalThis, LIBRARY, { configurable: true, writable: true, value: undefined });
}

/** The block of all tests that `files` describe: each of them is a function that is given a `require` that knows TypeScript. */
export function collect(root, files) {
  requireTypeScript();
  Object.assign(globalThis, circus, { expect: jestExpect, jest });
  const require = createRequire(`${root}/test/mutation/load.mjs`);
  resetState();
  for (const [name, describeTests] of files) {
    forgetLibrary(require, root);
    circus.describe(name, () => {
      describeTests(require);
      const { storage } = globalThis[LIBRARY] ?? {};
      // On Node.js 20 each AsyncLocalStorage that was used makes every promise of the process dearer.
      circus.afterAll(() => storage?.disable());
    });
  }
  return getState().rootDescribeBlock;
}
