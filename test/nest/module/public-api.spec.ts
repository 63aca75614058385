import * as root from 'nestjs-contextvars';
import * as core from 'nestjs-contextvars/core';

test('the entry "." exports these names at run time beside those of "./core", and no others', () => {
  const ofCore = new Set(Object.keys(core));
  expect(
    Object.keys(root)
      .filter((name) => !ofCore.has(name))
      .sort(),
  ).toEqual([
    'ContextLogger',
    'ContextModule',
    'ContextScoped',
    'FromContext',
    'LoadScoped',
    'Populate',
    'RequestContext',
    'scopedProvider',
  ]);
});

test('it has every name of "./core", and the same things under them', () => {
  expect(root).toMatchObject({ ...core });
});

test('each of them but the codecs is a class or a function under its own name', () => {
  const { codecs: _, ...callable } = root;
  const names = Object.entries(callable).map(([name, value]) => [name, typeof value, value.name]);
  expect(names).toEqual(Object.keys(callable).map((name) => [name, 'function', name]));
});

test('the public members of RequestContext are these, and no others', () => {
  expect(Reflect.ownKeys(root.RequestContext.prototype).map(String).sort()).toEqual([
    'constructor',
    'correlationId',
    'elapsed',
    'get',
    'has',
    'id',
    'request',
    'response',
    'run',
    'set',
    'spanId',
    'startedAt',
    'traceId',
  ]);
});
