import { bindLogContext, runUnitOfWork } from 'nestjs-contextvars/core';
import { contextMixin } from 'nestjs-contextvars/pino';
import { type LoggerOptions, pino, stdTimeFunctions } from 'pino';
import { Lines, parseLine } from './support/lines.js';

// Pino writes level, time and bindings before the fields and the message behind them, and does not look whether a name
// is there already: readers of JSON take the last one, others the first.

const inUnit = <R>(fn: () => R): R => runUnitOfWork({ kind: 'test', id: 'unit-1' }, fn);

function logging(options: LoggerOptions = {}) {
  const lines = new Lines();
  return { lines, logger: pino({ mixin: contextMixin(), ...options }, lines) };
}

test('the lines of these tests are read so that a name that is there twice is seen', () => {
  expect(() => parseLine('{"a":1,"b":{"a":2},"c":"\\"a\\":3","a":4}')).toThrow('a: there twice');
  expect(parseLine('{"a":1,"b":{"a":2},"c":"\\"a\\":3,\\"a\\":4"}')).toMatchObject({ a: 1 });
});

test('a field whose name pino gives out itself has another one, and nothing is lost', () => {
  const { lines, logger } = logging({ name: 'shop' });
  inUnit(() => {
    bindLogContext({
      level: 'gold',
      time: 'noon',
      pid: 1,
      hostname: 'h',
      name: 'Ann',
      msg: 'm',
      err: 'none',
    });
    logger.info('placed');
  });
  const [line] = lines.all;
  expect(line).toMatchObject({
    level: 30,
    time: expect.any(Number),
    pid: process.pid,
    name: 'shop',
    msg: 'placed',
    level_: 'gold',
    time_: 'noon',
    pid_: 1,
    hostname_: 'h',
    name_: 'Ann',
    msg_: 'm',
    err_: 'none',
  });
});

test('a name that pino does not give out stays', () => {
  const { lines, logger } = logging({ base: null, timestamp: false });
  inUnit(() => {
    bindLogContext({ time: 'noon', pid: 1, hostname: 'h', name: 'Ann' });
    logger.info('placed');
  });
  expect(lines.all).toEqual([
    { level: 30, requestId: 'unit-1', time: 'noon', pid: 1, hostname: 'h', name: 'Ann', msg: 'placed' },
  ]);
});

test('names that the options change are known', () => {
  const { lines, logger } = logging({
    base: { service: 's' },
    messageKey: 'message',
    errorKey: 'error',
    timestamp: () => ',"@timestamp":"now"',
    formatters: {
      level: (label, number) => ({ severity: label, [number > 30 ? 'alarm' : 'calm']: true }),
      bindings: ({ service }) => ({ app: service }),
    },
  });
  inUnit(() => {
    bindLogContext({
      service: 1,
      app: 2,
      message: 3,
      error: 4,
      '@timestamp': 5,
      severity: 6,
      alarm: 7,
      calm: 8,
      level: 9,
      msg: 10,
    });
    logger.info('i');
    logger.warn('w');
  });
  const fields = {
    requestId: 'unit-1',
    service: 1,
    app_: 2,
    message_: 3,
    error_: 4,
    '@timestamp_': 5,
    severity_: 6,
    alarm_: 7,
    calm_: 8,
    level: 9,
    msg: 10,
  };
  const head = { '@timestamp': 'now', app: 's' };
  expect(lines.all).toEqual([
    { severity: 'info', calm: true, ...head, ...fields, message: 'i' },
    { severity: 'warn', alarm: true, ...head, ...fields, message: 'w' },
  ]);
});

test('the other name is free: of what pino writes, and of other fields', () => {
  const { lines, logger } = logging();
  inUnit(() => {
    bindLogContext({ level__: 1, level: 2, level_: 3 });
    logger.child({ level_: 'bound', level___: 'bound' }).info('x');
  });
  expect(lines.only).toEqual({
    requestId: 'unit-1',
    level_: 'bound',
    level___: 'bound',
    level__: 1,
    level____: 2,
    level_____: 3,
    msg: 'x',
  });
});

test('a field keeps its name where another one would have it after', () => {
  const { lines, logger } = logging();
  inUnit(() => {
    bindLogContext({ level: 1, level_: 2 });
    logger.info('x');
  });
  expect(lines.only).toEqual({ requestId: 'unit-1', level_: 2, level__: 1, msg: 'x' });
});

test('an error is written where the context has a field err', () => {
  const { lines, logger } = logging();
  inUnit(() => {
    bindLogContext({ err: 'field' });
    logger.error(new Error('wrong'));
  });
  expect(lines.only).toMatchObject({ err: { message: 'wrong' }, err_: 'field', msg: 'wrong' });
});

describe('bindings of a logger', () => {
  test('keep their name, those of the parent too, and the field has another one', () => {
    const { lines, logger } = logging();
    inUnit(() => {
      bindLogContext({ user: 'field', module: 'field' });
      const child = logger.child({ user: 'bound' });
      child.child({ module: 'bound' }).info('1');
      child.info('2');
      logger.info('3');
    });
    expect(lines.all).toMatchObject([
      { msg: '1', user: 'bound', user_: 'field', module: 'bound', module_: 'field' },
      { msg: '2', user: 'bound', user_: 'field', module: 'field' },
      { msg: '3', user: 'field', module: 'field' },
    ]);
  });

  test('that say the same make the field unnecessary', () => {
    const { lines, logger } = logging();
    inUnit(() => {
      bindLogContext({ attempt: 1, list: [1] });
      logger.child({ requestId: 'unit-1', attempt: '1', list: [1] }).info('x');
    });
    expect(lines.only).toEqual({
      requestId: 'unit-1',
      attempt: '1',
      attempt_: 1,
      list: [1],
      list_: [1],
      msg: 'x',
    });
  });

  test('that are set later are known from then on', () => {
    const { lines, logger } = logging();
    const child = logger.child({ a: 1 });
    inUnit(() => {
      bindLogContext({ user: 'field' });
      child.info('1');
      child.setBindings({ user: 'bound' });
      child.info('2');
    });
    expect(lines.all).toMatchObject([
      { msg: '1', user: 'field' },
      { msg: '2', user: 'bound', user_: 'field' },
    ]);
  });

  test('are told from what is inside of them, and found whatever they are called', () => {
    const { lines, logger } = logging();
    inUnit(() => {
      bindLogContext({ id: 'field', 'a"b': 'field', 'c\\d': 'field', 'e:f': 'field' });
      logger.child({ req: { id: 5, text: '"e:f":1' }, 'a"b': 1, 'c\\d': 2 }).info('x');
    });
    expect(lines.only).toMatchObject({
      req: { id: 5 },
      id: 'field',
      'a"b': 1,
      'a"b_': 'field',
      'c\\d': 2,
      'c\\d_': 'field',
      'e:f': 'field',
    });
  });

  test('that are no JSON: whatever looks like a name is one', () => {
    const { lines, logger } = logging({ base: null, timestamp: () => ',"at":now,"zone":"utc"' });
    inUnit(() => {
      bindLogContext({ zone: 'field', free: 'field' });
      logger.info('x');
    });
    expect(lines.raw).toEqual([
      '{"level":30,"at":now,"zone":"utc","requestId":"unit-1","zone_":"field","free":"field","msg":"x"}',
    ]);
  });
});

test('a field that has another name is redacted and serialized as under its own', () => {
  const { lines, logger } = logging({
    redact: { paths: ['user', 'card.number', 'gone'], censor: '***' },
    serializers: { card: ({ number, type }: Record<string, unknown>) => ({ number, kind: type }) },
  });
  inUnit(() => {
    bindLogContext({ user: 'ann', card: { number: '4111', type: 'visa', cvc: 1 } });
    logger.child({ user: 'bound', card: { number: 1, type: 2 } }).info('x');
  });
  expect(lines.only).toEqual({
    user: '***',
    card: { number: '***', kind: 2 },
    requestId: 'unit-1',
    card_: { number: '***', kind: 'visa' },
    msg: 'x',
  });
});

test('a field that has another name is removed where redact removes its own', () => {
  const { lines, logger } = logging({ redact: { paths: ['level', 'user'], remove: true } });
  inUnit(() => {
    bindLogContext({ level: 'gold', user: 'ann' });
    logger.info('x');
  });
  expect(lines.only).toEqual({ requestId: 'unit-1', msg: 'x' });
});

test('what every object has under a name is no field of the line', () => {
  const { lines, logger } = logging();
  inUnit(() => {
    bindLogContext({ constructor: 1, toString: 2, hasOwnProperty: 3 });
    logger.info('x');
  });
  expect(lines.only).toEqual({
    requestId: 'unit-1',
    constructor_: 1,
    toString_: 2,
    hasOwnProperty_: 3,
    msg: 'x',
  });
});

test('a mixin that is called without a logger, or with one of another kind, avoids the usual names', () => {
  const mixin = contextMixin() as (mergeObject: object, level: number, logger?: object) => object;
  inUnit(() => {
    bindLogContext({ level: 1, msg: 2, pid: 3 });
    const expected = { requestId: 'unit-1', level_: 1, msg_: 2, pid_: 3 };
    expect(mixin({}, 30)).toEqual(expected);
    expect(mixin({}, 30, { info() {} })).toEqual(expected);
  });
});

test('a timestamp of pino is not a field', () => {
  const { lines, logger } = logging({ timestamp: stdTimeFunctions.isoTime });
  inUnit(() => {
    bindLogContext({ time: 'noon' });
    logger.info('x');
  });
  expect(lines.all).toMatchObject([{ time: expect.stringMatching(/^\d{4}-/), time_: 'noon' }]);
});
