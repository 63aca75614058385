import { runUnitOfWork } from 'nestjs-contextvars/core';
import { contextMixin, safeHooks } from 'nestjs-contextvars/pino';
import { type LoggerOptions, pino } from 'pino';
import { Lines } from './support/lines.js';

function logging(options: LoggerOptions = {}) {
  const lines = new Lines();
  return { lines, logger: pino({ mixin: contextMixin(), hooks: safeHooks(), ...options }, lines) };
}

const throwing = {
  get bad(): never {
    throw new Error('of the getter');
  },
  a: 1,
  left: undefined,
};

test('without them pino throws at a getter that throws: they are needed', () => {
  const { logger } = logging({ hooks: {} });
  expect(() => logger.info(throwing, 'x')).toThrow('of the getter');
});

test('a line is written of what pino throws at, with the rest of it', () => {
  const { lines, logger } = logging();
  runUnitOfWork({ kind: 'test', id: 'unit-1' }, () => logger.info(throwing, 'placed %s', 'twice'));
  expect(lines.only).toEqual({
    requestId: 'unit-1',
    bad: { error: '[Throws: of the getter]' },
    a: 1,
    msg: 'placed twice',
  });
});

test('an error that pino throws at is written as one', () => {
  const { lines, logger } = logging({ errorKey: 'error' });
  const error = Object.assign(new RangeError('too far'), {});
  Object.defineProperty(error, 'detail', { enumerable: true, get: () => throwing.bad });
  logger.error(error);
  logger.error({ error, kept: 1 }, 'said');
  expect(lines.all).toMatchObject([
    { error: { message: 'too far', stack: expect.stringContaining('RangeError') }, msg: 'too far' },
    { error: { message: 'too far' }, kept: 1, msg: 'said' },
  ]);
});

test('what pino can write is written as pino writes it', () => {
  const given = { date: new Date(0), list: ['x'.repeat(3000)], map: new Map(), big: 5n };
  const safe = logging();
  const plain = logging({ hooks: {} });
  safe.logger.info(given, 'x');
  plain.logger.info(given, 'x');
  expect(safe.lines.only).toEqual(plain.lines.only);
});

test('what JSON leaves raw is escaped in the whole line, and reads as it was', () => {
  const { lines, logger } = logging();
  const text = 'a\u0085b\u2028c\u2029d\u007fe\u009bf\u202eg';
  logger.child({ text }).info({ [text]: text }, text);
  expect(lines.raw[0]).toMatch(/^[ -~]*$/);
  expect(lines.only).toEqual({ text, [text]: text, msg: text });
});

test('DEL is escaped where all else is ASCII', () => {
  const { lines, logger } = logging();
  logger.info('a\u007fb');
  expect(lines.raw[0]).toContain('"a\\u007fb"');
});

test('other text than ASCII stays readable', () => {
  const { lines, logger } = logging();
  logger.info('Zürich 東京 🎉');
  expect(lines.raw[0]).toContain('"Zürich 東京 🎉"');
});

test('own hooks are called as pino calls them, and have their way', () => {
  const calls: unknown[][] = [];
  const { lines, logger } = logging({
    hooks: safeHooks({
      logMethod(args, method, level) {
        calls.push([this, [...args], level]);
        method.apply(this, [{ own: true }, ...args] as never);
      },
      streamWrite: (line) => line.replace('secret', '***\u2028'),
    }),
  });
  logger.warn('a secret');
  expect(calls).toEqual([[logger, ['a secret'], 40]]);
  expect(lines.only).toEqual({ own: true, msg: 'a ***\u2028' });
  expect(lines.raw[0]).toContain('***\\u2028');
});

test('an own hook may swallow a line', () => {
  const { lines, logger } = logging({ hooks: safeHooks({ logMethod() {} }) });
  logger.info('x');
  expect(lines.raw).toEqual([]);
});

test('an error of the destination is thrown, as by pino', () => {
  const closed = {
    write(): never {
      throw new Error('closed');
    },
  };
  const logger = pino({ hooks: safeHooks() }, closed);
  expect(() => logger.info('x')).toThrow('closed');
});
