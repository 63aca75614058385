import { inspect } from 'node:util';
import { bindLogContext, registerLogFields, runUnitOfWork } from 'nestjs-contextvars/core';
import { contextMixin, safeHooks } from 'nestjs-contextvars/pino';
import { type LoggerOptions, pino } from 'pino';
import { Lines } from './support/lines.js';

const inUnit = <R>(fn: () => R): R => runUnitOfWork({ kind: 'test', id: 'unit-1' }, fn);

function logging(options: LoggerOptions = {}) {
  const lines = new Lines();
  return { lines, logger: pino({ mixin: contextMixin(), ...options }, lines) };
}

const fails = (message: string) => () => {
  throw new Error(message);
};

const cycle: Record<string, unknown> = { a: 1 };
cycle.self = cycle;

const deep = JSON.parse(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`) as object;

const hostile: Record<string, unknown> = {
  'CR and LF': 'a\r\nFAKE {"level":30}',
  ESC: '\u001b[2J\u001b]0;title\u0007',
  'C1, DEL and line separators': 'a\u0085b\u2028c\u2029d\u007fe\u009b31m',
  'bidi controls': 'a\u202eb\u2066c',
  'a lone surrogate': 'a\ud800b',
  NUL: 'a\u0000b',
  '1 MB': 'x'.repeat(2 ** 20),
  '1 MB of quotes': '"'.repeat(2 ** 20),
  'parsed __proto__': JSON.parse('{"__proto__":{"polluted":true},"a":1}'),
  'a cyclic object': cycle,
  'a deep object': deep,
  BigInt: 12345678901234567890n,
  'a symbol': Symbol('s'),
  'a function': fails('called'),
  NaN: Number.NaN,
  'an invalid date': new Date(Number.NaN),
  'a getter that throws': Object.defineProperty({ a: 1 }, 'bad', { enumerable: true, get: fails('getter') }),
  'a toJSON that throws': { toJSON: fails('toJSON') },
  'a toString that throws': { toString: fails('toString'), [Symbol.toPrimitive]: fails('toPrimitive') },
  'a proxy that throws': new Proxy(
    {},
    {
      ownKeys: fails('ownKeys'),
      get: fails('get'),
      getPrototypeOf: fails('proto'),
      getOwnPropertyDescriptor: fails('descriptor'),
    },
  ),
  'a revoked proxy': (() => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  })(),
  'an error with a getter that throws': Object.defineProperty(new Error('e'), 'detail', {
    enumerable: true,
    get: fails('detail'),
  }),
  'an error whose message throws': Object.defineProperty(new Error('e'), 'message', {
    get: fails('message'),
  }),
  'an object without a prototype': Object.assign(Object.create(null), { a: 1 }),
  'an inspect that throws': { [inspect.custom]: fails('inspect') },
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const RAW = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

describe.each(Object.entries(hostile))('%s', (_, value) => {
  test('in a field of the context is one line, and no exception', () => {
    const { lines, logger } = logging();
    inUnit(() => {
      bindLogContext({ value });
      logger.info('x');
    });
    expect(lines.only).toMatchObject({ requestId: 'unit-1', value: expect.anything(), msg: 'x' });
    expect(lines.raw[0]).not.toMatch(RAW);
    expect(lines.raw[0]!.length).toBeLessThan(6000);
  });

  test('in a field that has to have another name is one line, and no exception', () => {
    const { lines, logger } = logging({ redact: ['card.number'] });
    inUnit(() => {
      bindLogContext({ level: value, card: value });
      logger.child({ card: 1 }).info('x');
    });
    expect(lines.only).toMatchObject({ level_: expect.anything(), card_: expect.anything(), msg: 'x' });
    expect(lines.raw[0]).not.toMatch(RAW);
  });

  test('from a source of fields is one line, and no exception', () => {
    const takeBack = registerLogFields({ name: 'test', fields: () => ({ value }) });
    try {
      const { lines, logger } = logging();
      logger.info('x');
      expect(lines.raw[0]).not.toMatch(RAW);
      expect(lines.only).toMatchObject({ msg: 'x' });
    } finally {
      takeBack();
    }
  });

  const ways: Record<string, (logger: pino.Logger) => void> = {
    'as a member': (logger) => logger.info({ value, kept: 1 }, 'x'),
    'as a member of a member': (logger) => logger.info({ nested: { value }, kept: 1 }, 'x'),
    'as what is logged': (logger) => logger.info(value as object, 'x'),
    alone: (logger) => logger.info(value as object),
    'as an error': (logger) => logger.info({ err: value, kept: 1 }, 'x'),
    'in a message, %s': (logger) => logger.info('x %s', value),
    'in a message, %j': (logger) => logger.info('x %j', value as object),
    'in a message, %o': (logger) => logger.info('x %o', value as object),
    'in a message, %d': (logger) => logger.info('x %d', value as number),
  };

  test.each(Object.entries(ways))('by hand, %s, is one line and no exception with safeHooks', (_way, log) => {
    const { lines, logger } = logging({ hooks: safeHooks() });
    inUnit(() => log(logger));
    expect(lines.raw).toHaveLength(1);
    expect(lines.raw[0]).not.toMatch(RAW);
    expect(lines.only).toMatchObject({ requestId: 'unit-1' });
  });
});

test('hostile keys are one line', () => {
  const { lines, logger } = logging();
  inUnit(() => {
    bindLogContext({ 'a\nb': 1, ['k'.repeat(1000)]: 2, 'c\u2028d': 3, ['__proto__']: 4, 'e"f\\': 5 });
    logger.info('x');
  });
  const { requestId: _, msg: __, ...fields } = lines.only;
  expect(Object.values(fields)).toEqual([1, 2, 3, 4, 5]);
  expect(fields).toMatchObject({ 'a\\nb': 1, 'c\\u2028d': 3, _proto_: 4, 'e"f\\': 5 });
  expect(lines.raw[0]).not.toMatch(RAW);
});

test('characters of C0 are read back as they were, others that end a line or steer a terminal as visible escapes', () => {
  const { lines, logger } = logging();
  inUnit(() => {
    bindLogContext({ c0: 'a\r\n\t\u001b', c1: 'a\u0085b\u2028c\u007f', nested: { list: ['\u202e', '\\'] } });
    logger.info('x');
  });
  expect(lines.only).toMatchObject({
    c0: 'a\r\n\t\u001b',
    c1: 'a\\u0085b\\u2028c\\u007f',
    nested: { list: ['\\u202e', '\\'] },
  });
});

describe('a serializer that throws', () => {
  const serializers = { user: (user: { name: string }) => user.name.toUpperCase() };

  test('at a field of the context costs that field, and the line says so', () => {
    const { lines, logger } = logging({ serializers });
    inUnit(() => {
      bindLogContext({ user: 'ann' });
      logger.info('1');
      bindLogContext({ user: { name: 'ann' } });
      logger.info('2');
      logger.child({ user: { name: 'bob' } }).info('3');
    });
    expect(lines.all).toMatchObject([
      { msg: '1', user_: '[not shown: the serializer of this name throws]' },
      { msg: '2', user: 'ANN' },
      { msg: '3', user: 'BOB', user_: 'ANN' },
    ]);
    expect(lines.all[0]).not.toHaveProperty('user');
  });

  test('at what is passed by hand is thrown, as by pino', () => {
    const { logger } = logging({ serializers, hooks: safeHooks() });
    expect(() => logger.info({ user: 1 }, 'x')).toThrow(TypeError);
  });
});
