// Outside production, a variable that is made while a unit of work runs is reported once per place.

import { Context, ContextVar, runUnitOfWork, ScopedValue } from '../../src/core/index.js';
import { type CompiledCore, compileCore } from './support/compiled-core.js';

describe('a variable made inside a unit of work', () => {
  let warn: jest.SpyInstance;
  const environment = process.env.NODE_ENV;
  beforeEach(() => {
    warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  });
  afterEach(() => {
    warn.mockRestore();
    process.env.NODE_ENV = environment;
  });

  test('is reported with its name, its place, what to do, and a code', () => {
    new Context().run(() => new ContextVar('per request'));
    expect(warn.mock.calls).toEqual([
      [
        expect.stringMatching(
          /^ContextVar 'per request' was made .*variable-warning\.spec.*; make it once, at module level/,
        ),
        { type: 'ContextWarning', code: 'WARN_VAR_IN_UNIT' },
      ],
    ]);
  });

  test('is reported once for each place, however often that runs', () => {
    const make = (): unknown => new ContextVar('in a function');
    const makeElsewhere = (): unknown => new ContextVar('in another function');
    for (let i = 0; i < 3; i++) runUnitOfWork({ kind: 'test' }, make);
    expect(warn).toHaveBeenCalledTimes(1);
    for (let i = 0; i < 3; i++) runUnitOfWork({ kind: 'test' }, makeElsewhere);
    expect(warn).toHaveBeenCalledTimes(2);
  });

  test('is reported for a ScopedValue too', () => {
    runUnitOfWork({ kind: 'test' }, () => new ScopedValue('per request'));
    expect(warn.mock.calls[0]?.[0]).toContain("ScopedValue 'per request'");
  });

  test('is reported after an await as well', async () => {
    await runUnitOfWork({ kind: 'test' }, async () => {
      await Promise.resolve();
      return new ContextVar('later');
    });
    expect(warn).toHaveBeenCalledTimes(1);
  });

  test('is not reported where it is at module level of a file that the test runner loads lazily', () => {
    const name = runUnitOfWork({ kind: 'test' }, () => {
      const { lazy } = require('./support/lazy-variable.js') as typeof import('./support/lazy-variable.js');
      return lazy.name;
    });
    expect(name).toBe('lazy');
    expect(warn).not.toHaveBeenCalled();
  });

  test('works all the same', () => {
    runUnitOfWork({ kind: 'test' }, () => {
      const variable = new ContextVar<string>('per request');
      variable.set('value');
      expect(variable.get()).toBe('value');
    });
  });

  test('is not reported in production', () => {
    process.env.NODE_ENV = 'production';
    runUnitOfWork({ kind: 'test' }, () => new ContextVar('per request'));
    expect(warn).not.toHaveBeenCalled();
  });

  test('is not reported where it is made outside any', () => {
    expect(new ContextVar('outside').name).toBe('outside');
    expect(warn).not.toHaveBeenCalled();
  });

  test('is reported where stack traces are switched off or short', () => {
    const limit = Error.stackTraceLimit;
    try {
      for (Error.stackTraceLimit of [0, 1, 3])
        runUnitOfWork({ kind: 'test' }, () => new ContextVar('no stack'));
    } finally {
      Error.stackTraceLimit = limit;
    }
    expect(warn.mock.calls.length).toBeGreaterThan(0);
  });

  test('is made where Error.prepareStackTrace gives something else than text', () => {
    const { prepareStackTrace } = Error;
    try {
      Error.prepareStackTrace = (_error, sites) => sites;
      expect(runUnitOfWork({ kind: 'test' }, () => new ContextVar('call sites')).name).toBe('call sites');
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
    }
  });
});

// Each in a process of its own, with Node's own module loader.
describe.each(['commonjs', 'es6'] as const)('in %s modules', (type) => {
  let core: CompiledCore;
  beforeAll(() => {
    core = compileCore(type);
  });
  afterAll(() => core.remove());

  const esm = type === 'es6';
  const importing = (names: string, from: string): string =>
    esm ? `import { ${names} } from '${from}';` : `const { ${names} } = require('${from}');`;
  const exporting = (name: string, value: string): string =>
    esm ? `export const ${name} = ${value};` : `exports.${name} = ${value};`;
  const lazily = (file: string): string => (esm ? `await import('${file}')` : `require('${file}')`);

  /** Runs `body` in a unit of work; gives the codes of the warnings and what `body` printed. */
  const run = (body: string, env: Record<string, string> = {}): { codes: string[]; stdout: string } => {
    const source = `
      ${importing('ContextVar, ScopedValue, runUnitOfWork', './core/index.js')}
      process.on('warning', ({ code }) => { if (code) console.log('code: ' + code); });
      runUnitOfWork({ kind: 'test' }, async () => { ${body} });
    `;
    const { stdout } = core.run('main.js', source, { NODE_ENV: 'test', ...env });
    return { codes: stdout.match(/code: \w+/g) ?? [], stdout };
  };

  const write = (file: string, source: string): void => void core.write(file, source);

  test('one that is made in a function is reported, once', () => {
    const body = `const make = () => new ContextVar('a'); make(); make(); make();`;
    expect(run(body).codes).toEqual(['code: WARN_VAR_IN_UNIT']);
  });

  test('one that is made in a function is not reported in production', () => {
    expect(run(`(() => new ContextVar('a'))();`, { NODE_ENV: 'production' }).codes).toEqual([]);
  });

  test('those at module level of a file that is loaded inside a unit are not reported', () => {
    write(
      'variables.js',
      `${importing('ContextVar, ScopedValue', './core/index.js')}
       ${exporting('a', `new ContextVar('a')`)}
       ${exporting('b', `new ScopedValue('b')`)}`,
    );
    const { codes, stdout } = run(
      `const { a, b } = ${lazily('./variables.js')}; console.log(a.name + b.name);`,
    );
    expect(stdout).toContain('ab');
    expect(codes).toEqual([]);
  });

  test('nor those of a file that such a file loads', () => {
    write(
      'deep.js',
      `${importing('ContextVar', './core/index.js')} ${exporting('a', `new ContextVar('a')`)}`,
    );
    write(
      'shallow.js',
      esm ? `export { a } from './deep.js';` : `Object.assign(exports, require('./deep.js'));`,
    );
    const { codes, stdout } = run(`const { a } = ${lazily('./shallow.js')}; console.log('name: ' + a.name);`);
    expect(stdout).toContain('name: a');
    expect(codes).toEqual([]);
  });

  if (esm) {
    test('nor those of a file that loads one with a top-level await', () => {
      write('slow.js', `await new Promise(setImmediate); export const slow = true;`);
      write(
        'after-slow.js',
        `import { ContextVar } from './core/index.js'; import { slow } from './slow.js';
         export const a = new ContextVar('a' + slow);`,
      );
      const { codes, stdout } = run(`const { a } = await import('./after-slow.js'); console.log(a.name);`);
      expect(stdout).toContain('atrue');
      expect(codes).toEqual([]);
    });

    test('nor those that stand after a top-level await', () => {
      write(
        'awaiting.js',
        `import { ContextVar } from './core/index.js'; await new Promise(setImmediate);
         export const a = new ContextVar('a');`,
      );
      const { codes, stdout } = run(
        `const { a } = await import('./awaiting.js'); console.log('name: ' + a.name);`,
      );
      expect(stdout).toContain('name: a');
      expect(codes).toEqual([]);
    });
  }
});
