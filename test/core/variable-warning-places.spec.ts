// Where a variable that is made inside a unit of work is warned of, by what the stack says of the place.

import { runInThisContext } from 'node:vm';
import { ContextVar, runUnitOfWork, ScopedValue } from '../../src/core/index.js';

type Make = () => unknown;
type Call = (make: Make) => unknown;

let count = 0;
/** A file that nothing was made in before: each place is warned of once in a process. */
const newFile = (): string => `/app/file-${process.hrtime.bigint()}-${count++}.js`;

/** What `source` is, as if it stood in that file. */
function from<T>(file: string, source: string): T {
  return runInThisContext(`(${source})`, { filename: file }) as T;
}

function makerIn(file: string, kind: 'ContextVar' | 'ScopedValue' = 'ContextVar'): Make {
  const source = '(Variable) => function someone() { return new Variable("late"); }';
  return from<(type: unknown) => Make>(file, source)(kind === 'ContextVar' ? ContextVar : ScopedValue);
}

let warn: jest.SpyInstance;
const { stackTraceLimit } = Error;
const { NODE_ENV } = process.env;
beforeEach(() => {
  warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(() => {
  warn.mockRestore();
  Error.stackTraceLimit = stackTraceLimit;
  if (NODE_ENV === undefined) delete process.env.NODE_ENV;
  else process.env.NODE_ENV = NODE_ENV;
});

const inUnit = (fn: Make): unknown => runUnitOfWork({ kind: 'test' }, fn);

test.each(['ContextVar', 'ScopedValue'] as const)('a %s is warned of once for each place', (kind) => {
  const file = newFile();
  const make = makerIn(file, kind);
  inUnit(make);
  expect(warn.mock.calls).toEqual([
    [
      `${kind} 'late' was made while a unit of work runs (at someone (${file}:1:44)); make it once, at module level.`,
      { type: 'ContextWarning', code: 'WARN_VAR_IN_UNIT' },
    ],
  ]);
  inUnit(make);
  expect(warn).toHaveBeenCalledTimes(1);
  inUnit(makerIn(newFile(), kind));
  expect(warn).toHaveBeenCalledTimes(2);
});

test('outside any unit of work there is nothing to say', () => {
  makerIn(newFile())();
  expect(warn).not.toHaveBeenCalled();
});

test('in production nothing is said', () => {
  process.env.NODE_ENV = 'production';
  inUnit(makerIn(newFile()));
  expect(warn).not.toHaveBeenCalled();
});

describe('at module level nothing is said', () => {
  const PLAIN = 'function load(make) { return make(); }';
  const method = (type: string, name: string): string =>
    `(make) => new (class ${type} { ${name}() { return make(); } })().${name}()`;
  test.each<[loader: string, file: string, source: string]>([
    ['CommonJS', '/app/loader.js', method('Module', '_compile')],
    ['ESM', '/app/loader.js', method('ModuleJob', 'run')],
    ['vm', '/app/loader.js', method('SourceTextModule', 'evaluate')],
    ['Node', 'node:internal/modules/esm/loader', PLAIN],
    ['Jest', '/app/node_modules/jest-runtime/build/index.js', PLAIN],
    ['Jest on Windows', 'C:\\app\\node_modules\\jest-runtime\\build\\index.js', PLAIN],
    ['Vitest', '/app/node_modules/vitest/dist/index.js', PLAIN],
    ['Vite', '/app/node_modules/vite/dist/index.js', PLAIN],
    ['vite-node', '/app/node_modules/vite-node/dist/index.js', PLAIN],
    ['webpack', '/app/main.js', 'function __webpack_require__(make) { return make(); }'],
  ])('with the loader of %s', (_loader, file, source) => {
    const load = from<Call>(file, source);
    inUnit(() => load(makerIn(newFile())));
    expect(warn).not.toHaveBeenCalled();
    inUnit(() => from<Call>('/app/other.js', PLAIN)(makerIn(newFile())));
    expect(warn).toHaveBeenCalledTimes(1);
  });

  // Of a module nothing is on the stack but itself: after an await the one that has loaded it has gone.
  const alone = (file: string, source: string): void => {
    Error.stackTraceLimit = 3;
    const all = from<object>('/app/global.js', 'globalThis');
    Object.assign(all, { MadeAlone: ContextVar });
    try {
      inUnit(() => runInThisContext(source, { filename: file }));
    } finally {
      Reflect.deleteProperty(all, 'MadeAlone');
    }
  };

  test.each(['', 'file://', 'C:\\app'])(
    'after a top-level await, in a file that begins with "%s"',
    (root) => {
      alone(`${root}${newFile()}`, 'void new MadeAlone("late")');
      expect(warn).not.toHaveBeenCalled();
    },
  );

  test('but in a function after an await', () => {
    alone(newFile(), '(function someone() { void new MadeAlone("late"); })()');
    expect(warn).toHaveBeenCalledTimes(1);
  });
});

test('where no stack is to be had the place is unknown', () => {
  Error.stackTraceLimit = 0;
  inUnit(makerIn(newFile()));
  inUnit(makerIn(newFile()));
  expect(warn.mock.calls.length).toBeLessThanOrEqual(1);
  for (const [message] of warn.mock.calls) expect(message).toContain('(an unknown place)');
});
