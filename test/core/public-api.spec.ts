import * as core from '../../src/core/index.js';

test('the entry "./core" exports these names at run time, and no others', () => {
  expect(Object.keys(core).sort()).toEqual([
    'AsUnitOfWork',
    'Context',
    'ContextError',
    'ContextVar',
    'LogToken',
    'PreserveContext',
    'ScopedValue',
    'Token',
    'WithTempContext',
    'activeTasks',
    'bindContext',
    'bindEmitter',
    'bindIterable',
    'bindLogContext',
    'bindObservable',
    'clearLogContext',
    'codecs',
    'copyContext',
    'createTask',
    'currentCorrelationId',
    'currentRequestId',
    'currentUnit',
    'extractContext',
    'gather',
    'getLogContext',
    'injectContext',
    'logFields',
    'onTask',
    'preserveContext',
    'registerForeignContext',
    'registerLogFields',
    'resetLogContext',
    'runUnitOfWork',
    'unbindLogContext',
    'withLogContext',
    'withTempContext',
  ]);
});

test('each of them but the codecs is a class or a function under its own name', () => {
  const { codecs: _, ...callable } = core;
  const names = Object.entries(callable).map(([name, value]) => [name, typeof value, value.name]);
  expect(names).toEqual(Object.keys(callable).map((name) => [name, 'function', name]));
});

test('the codecs are these, and cannot be changed', () => {
  expect(Object.keys(core.codecs)).toEqual(['string', 'number', 'boolean', 'json']);
  const { json, ...rest } = core.codecs;
  expect([core.codecs, ...Object.values(rest)].map(Object.isFrozen)).toEqual([true, true, true, true]);
});

test('the public members of the classes are these, and no others', () => {
  const members = (type: { prototype: object }): string[] =>
    Reflect.ownKeys(type.prototype)
      .map(String)
      .filter((name) => name !== 'constructor' && name !== 'Symbol(nodejs.util.inspect.custom)')
      .sort();
  expect(members(core.ContextVar)).toEqual([
    'as',
    'codec',
    'get',
    'name',
    'reset',
    'run',
    'scoped',
    'secret',
    'set',
    'toJSON',
    'toString',
  ]);
  expect(members(core.ScopedValue)).toEqual([
    'as',
    'bind',
    'get',
    'name',
    'run',
    'scoped',
    'secret',
    'toJSON',
    'toString',
  ]);
  expect(members(core.Context)).toEqual([
    'Symbol(Symbol.iterator)',
    'copy',
    'entries',
    'equals',
    'get',
    'has',
    'keys',
    'run',
    'size',
    'values',
  ]);
  // Node 20 has another description for this symbol.
  expect(members(core.Token)).toEqual([String(Symbol.dispose), 'oldValue', 'var']);
  expect(Object.keys(core.Token)).toEqual(['MISSING']);
  expect(members(core.LogToken)).toEqual([String(Symbol.dispose)]);
  expect(members(Object.getPrototypeOf(new core.ContextVar('v').as(1)).constructor)).toEqual(['name']);
});

test('a ContextError is an Error with a name and a code', () => {
  const error = new core.ContextError('ERR_VAR_UNSET', 'a message', { cause: 'a cause' });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    name: 'ContextError',
    code: 'ERR_VAR_UNSET',
    message: 'a message',
    cause: 'a cause',
  });
  expect(String(error)).toBe('ContextError: a message');
  expect(Object.keys(error)).toEqual(['code']);
});
