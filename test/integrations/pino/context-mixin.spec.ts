import {
  bindLogContext,
  ContextVar,
  createTask,
  gather,
  registerLogFields,
  runUnitOfWork,
  ScopedValue,
  withLogContext,
} from 'nestjs-contextvars/core';
import { contextMixin } from 'nestjs-contextvars/pino';
import { type LoggerOptions, pino, stdSerializers } from 'pino';
import { Lines } from './support/lines.js';

const tenant = new ContextVar<string>('tenant', { log: 'tenant' });
const password = new ContextVar<string>('password', { secret: true });
const role = new ScopedValue<string>('role', { log: 'role' });

const inUnit = <R>(fn: () => R): R => runUnitOfWork({ kind: 'test', id: 'unit-1' }, fn);

function logging(options: LoggerOptions = {}) {
  const lines = new Lines();
  return { lines, logger: pino({ mixin: contextMixin(), ...options }, lines) };
}

test('a line has the fields of where it is written', () => {
  const { lines, logger } = logging();
  inUnit(() => {
    tenant.set('acme');
    password.set('hunter2');
    bindLogContext({ orderId: 7, items: ['pen', { count: 2 }] });
    role.run('admin', () => logger.info('placed'));
  });
  expect(lines.only).toEqual({
    requestId: 'unit-1',
    tenant: 'acme',
    role: 'admin',
    orderId: 7,
    items: ['pen', { count: 2 }],
    msg: 'placed',
  });
});

test('outside any context a line has what sources of fields give, and nothing else', () => {
  const { lines, logger } = logging();
  logger.info('started');
  const takeBack = registerLogFields({ name: 'test', fields: () => ({ service: 'orders' }) });
  try {
    logger.info('started');
  } finally {
    takeBack();
  }
  const [without, withSource] = lines.all;
  expect(Object.keys(without!)).toEqual(['level', 'time', 'pid', 'hostname', 'msg']);
  expect(withSource).toMatchObject({ service: 'orders', msg: 'started' });
});

test('a line has the fields of this moment: bound, changed, of a block, and gone again', () => {
  const { lines, logger } = logging();
  inUnit(() => {
    logger.info('1');
    bindLogContext({ step: 'pick' });
    logger.info('2');
    withLogContext({ step: 'pack', box: 3 }, () => logger.info('3'));
    logger.info('4');
    bindLogContext({ step: 'ship' });
    logger.info('5');
  });
  const steps = lines.all.map(({ msg, step, box }) => ({ msg, step, box }));
  expect(steps).toEqual([
    { msg: '1' },
    { msg: '2', step: 'pick' },
    { msg: '3', step: 'pack', box: 3 },
    { msg: '4', step: 'pick' },
    { msg: '5', step: 'ship' },
  ]);
});

test('tasks, branches and interleaved units have their own', async () => {
  const { lines, logger } = logging();
  const work = async (name: string) => {
    bindLogContext({ name });
    for (let turn = 0; turn < 3; turn++) {
      await null;
      logger.info(name);
    }
  };
  await Promise.all(['a', 'b'].map((name) => runUnitOfWork({ kind: 'test' }, () => work(name))));
  await inUnit(async () => {
    bindLogContext({ name: 'outer' });
    await gather([() => work('c'), () => work('d')]);
    await createTask(() => work('e'));
    logger.info('outer');
  });
  expect(lines.all).toHaveLength(16);
  for (const { msg, name } of lines.all) expect(name).toBe(msg);
});

describe('what is passed by hand', () => {
  test('wins over a field of the same name, and has what is passed as it is', () => {
    const { lines, logger } = logging();
    const given = { tenant: 'by hand', attempt: 2 };
    inUnit(() => {
      tenant.set('acme');
      logger.info(given, 'placed');
    });
    expect(lines.only).toEqual({ requestId: 'unit-1', tenant: 'by hand', attempt: 2, msg: 'placed' });
    expect(given).toEqual({ tenant: 'by hand', attempt: 2 });
  });

  test('does not stay for the next line', () => {
    const { lines, logger } = logging();
    inUnit(() => {
      bindLogContext({ step: 'pick' });
      logger.info({ step: 'by hand', extra: 1 }, '1');
      logger.info('2');
    });
    expect(lines.saying('2')).toMatchObject([{ step: 'pick' }]);
    expect(lines.saying('2')[0]).not.toHaveProperty('extra');
  });

  test('may be an error', () => {
    const { lines, logger } = logging();
    inUnit(() => logger.error(new RangeError('too far')));
    expect(lines.only).toMatchObject({
      requestId: 'unit-1',
      err: { type: 'RangeError', message: 'too far' },
      msg: 'too far',
    });
  });

  test('a member __proto__ is written as _proto_, and is no prototype of the record', () => {
    const seen: unknown[] = [];
    const log = (record: object) => {
      seen.push(Object.getPrototypeOf(record), 'isAdmin' in record);
      return record as Record<string, unknown>;
    };
    const { lines, logger } = logging({ formatters: { log } });
    inUnit(() => logger.info(JSON.parse('{"__proto__":{"isAdmin":true},"a":1}') as object, 'parsed'));
    expect(lines.only).toEqual({ requestId: 'unit-1', _proto_: { isAdmin: true }, a: 1, msg: 'parsed' });
    expect(seen).toEqual([Object.prototype, false]);
  });
});

describe('an own mixin', () => {
  test('is called as pino calls it, and wins over the context, and by hand wins over it', () => {
    const calls: unknown[] = [];
    const own = Object.freeze({ tenant: 'own', source: 'own' });
    const mixin = contextMixin({
      mixin(...args) {
        calls.push(args);
        return own;
      },
    });
    const { lines, logger } = logging({ mixin });
    const given = { source: 'by hand' };
    inUnit(() => {
      tenant.set('acme');
      bindLogContext({ step: 'pick' });
      logger.warn(given, 'x');
    });
    expect(lines.only).toEqual({
      requestId: 'unit-1',
      tenant: 'own',
      step: 'pick',
      source: 'by hand',
      msg: 'x',
    });
    expect(calls).toEqual([[given, 40, logger]]);
  });

  test('may give nothing', () => {
    const { lines, logger } = logging({ mixin: contextMixin({ mixin: () => undefined as never }) });
    inUnit(() => logger.info('x'));
    expect(lines.only).toEqual({ requestId: 'unit-1', msg: 'x' });
  });
});

describe('other options of pino', () => {
  test('mixinMergeStrategy has both and decides', () => {
    const { lines, logger } = logging({
      mixinMergeStrategy: (mergeObject, mixinObject) => ({ ...mergeObject, ...mixinObject }),
    });
    inUnit(() => {
      tenant.set('acme');
      logger.info({ tenant: 'by hand', a: 1 }, 'x');
    });
    expect(lines.only).toEqual({ tenant: 'acme', a: 1, requestId: 'unit-1', msg: 'x' });
  });

  test('a mixinMergeStrategy that writes into what the mixin gave changes that line only', () => {
    const plain = logging();
    const { lines, logger } = logging({
      mixinMergeStrategy: (mergeObject, mixinObject) =>
        Object.assign(mixinObject, { requestId: 'changed' }, mergeObject),
    });
    inUnit(() => {
      logger.info('x');
      plain.logger.info('y');
    });
    expect(lines.only).toEqual({ requestId: 'changed', msg: 'x' });
    expect(plain.lines.only).toEqual({ requestId: 'unit-1', msg: 'y' });
  });

  test('nestedKey takes the fields in', () => {
    const { lines, logger } = logging({ nestedKey: 'payload', errorKey: 'error' });
    inUnit(() => {
      bindLogContext({ level: 'gold', time: 'noon', msg: 'hi', payload: 1, error: 'none' });
      logger.child({ requestId: 'bound' }).info({ a: 1 }, 'x');
    });
    expect(lines.only).toEqual({
      requestId: 'bound',
      payload: {
        requestId: 'unit-1',
        level: 'gold',
        time: 'noon',
        msg: 'hi',
        payload: 1,
        error_: 'none',
        a: 1,
      },
      msg: 'x',
    });
  });

  test('redact reaches the fields, nested ones too', () => {
    const { lines, logger } = logging({
      redact: { paths: ['tenant', 'card.number', '*.token', 'list[*].secret'], censor: '***' },
    });
    inUnit(() => {
      tenant.set('acme');
      bindLogContext({
        card: { number: '4111', type: 'visa' },
        session: { token: 't-1' },
        list: [{ secret: 1, open: 2 }],
      });
      logger.info('x');
    });
    expect(lines.only).toEqual({
      requestId: 'unit-1',
      tenant: '***',
      card: { number: '***', type: 'visa' },
      session: { token: '***' },
      list: [{ secret: '***', open: 2 }],
      msg: 'x',
    });
  });

  test('redact with remove takes fields out', () => {
    const { lines, logger } = logging({ redact: { paths: ['requestId', 'card.number'], remove: true } });
    inUnit(() => {
      bindLogContext({ card: { number: '4111', type: 'visa' } });
      logger.info('x');
    });
    expect(lines.only).toEqual({ card: { type: 'visa' }, msg: 'x' });
  });

  test('serializers are given the fields of their name', () => {
    const { lines, logger } = logging({
      serializers: { ...stdSerializers, card: (card: { type: string }) => card.type },
    });
    inUnit(() => {
      bindLogContext({ card: { number: '4111', type: 'visa' } });
      logger.info('x');
    });
    expect(lines.only).toEqual({ requestId: 'unit-1', card: 'visa', msg: 'x' });
  });

  test('the serializer of errors, which writes into what it is given, takes an error among the fields', () => {
    const { lines, logger } = logging({ serializers: { reason: stdSerializers.err } });
    inUnit(() => {
      bindLogContext({ reason: new RangeError('too far') });
      logger.info('1');
      logger.info('2');
      logger.child({ reason: 1 }).info('3');
    });
    const error = { type: 'Object', message: 'too far', stack: expect.stringContaining('RangeError') };
    expect(lines.all).toMatchObject([
      { msg: '1', reason: error },
      { msg: '2', reason: error },
      { msg: '3', reason: 1, reason_: error },
    ]);
  });

  test('formatters.log is given the fields', () => {
    const { lines, logger } = logging({ formatters: { log: (record) => ({ fields: { ...record } }) } });
    inUnit(() => logger.info({ a: 1 }, 'x'));
    expect(lines.only).toEqual({ fields: { requestId: 'unit-1', a: 1 }, msg: 'x' });
  });

  test('custom levels work, and a disabled level asks for no fields', () => {
    let asked = 0;
    const takeBack = registerLogFields({ name: 'test', fields: () => ({ asked: ++asked }) });
    try {
      const lines = new Lines();
      const logger = pino(
        { customLevels: { audit: 35 }, level: 'audit', mixin: contextMixin<'audit'>() },
        lines,
      );
      inUnit(() => {
        logger.info('not written');
        logger.audit('written');
      });
      expect(lines.all).toMatchObject([{ level: 35, requestId: 'unit-1', msg: 'written' }]);
    } finally {
      takeBack();
    }
    expect(asked).toBe(1);
  });

  test('children and children of children have the fields, and their own bindings', () => {
    const { lines, logger } = logging();
    inUnit(() => {
      tenant.set('acme');
      logger.child({ module: 'orders' }).child({ part: 2 }, { level: 'debug' }).debug('x');
    });
    expect(lines.only).toEqual({
      module: 'orders',
      part: 2,
      requestId: 'unit-1',
      tenant: 'acme',
      msg: 'x',
    });
  });
});
