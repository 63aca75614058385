// `logRecord` gives the same object for as long as nothing changes, so that a logger can keep the text it made of it.

import {
  bindLogContext,
  ContextVar,
  gather,
  registerLogFields,
  runUnitOfWork,
  withLogContext,
} from '../../src/core/index.js';
import { logRecord } from '../../src/core/internal.js';

const tenant = new ContextVar<string>('tenant', { log: 'tenant' });
const order = new ContextVar<{ id: number }>('order', { log: { key: 'order', format: ({ id }) => id } });

/** Whether `change` makes the next record another one. */
function changes(change: () => unknown): boolean {
  const before = logRecord();
  expect(logRecord()).toBe(before);
  change();
  const isSame = logRecord() === before;
  expect(logRecord()).toBe(logRecord());
  return !isSame;
}

const inUnit = <R>(fn: () => R): R => runUnitOfWork({ kind: 'test' }, fn);

test('outside any context', () => {
  expect(logRecord()).toEqual({});
  expect(logRecord()).toBe(logRecord());
});

test('in a unit of work, until something is set, bound or registered', () =>
  inUnit(() => {
    expect(changes(() => {})).toBe(false);
    expect(changes(() => tenant.set('acme'))).toBe(true);
    expect(changes(() => tenant.set('acme'))).toBe(false);
    expect(changes(() => order.set({ id: 1 }))).toBe(true);
    expect(changes(() => order.set({ id: 1 }))).toBe(false);
    expect(changes(() => bindLogContext({ step: 1 }))).toBe(true);
    expect(changes(() => new ContextVar('late', { log: 'late' }))).toBe(true);
    expect(logRecord()).toMatchObject({ tenant: 'acme', order: 1, step: 1 });
  }));

test('in a block, until it or one around it changes a field', () =>
  inUnit(() => {
    withLogContext({ step: 'outer', other: 1 }, () => {
      expect(changes(() => {})).toBe(false);
      expect(changes(() => bindLogContext({ step: 'changed' }))).toBe(true);
      expect(changes(() => bindLogContext({ step: 'changed' }))).toBe(false);
      const outer = logRecord();
      withLogContext({ step: 'inner' }, () => {
        expect(logRecord()).not.toBe(outer);
        expect(changes(() => {})).toBe(false);
      });
      tenant.run('below', () => expect(logRecord()).toMatchObject({ tenant: 'below', step: 'changed' }));
      expect(logRecord()).toEqual(outer);
    });
    expect(logRecord()).not.toHaveProperty('step');
    expect(changes(() => {})).toBe(false);
  }));

test('a branch of gather has one of its own', () =>
  inUnit(async () => {
    const [first, second] = await gather([() => logRecord(), () => logRecord()]);
    expect(first).toEqual(second);
    expect(first).not.toBe(second);
  }));

describe('with a source', () => {
  let given: Record<string, unknown> = {};
  let remove: () => void;
  beforeAll(() => {
    remove = registerLogFields({ name: 'test', fields: () => given } as never);
  });
  afterAll(() => remove());

  test.each([
    ['outside any context', <R>(fn: () => R): R => fn()],
    ['in a unit of work', inUnit],
  ])('%s until it gives another key, value, or number of them', (_where, start) => {
    given = { a: 1 };
    start(() => {
      expect(logRecord()).toMatchObject({ a: 1 });
      expect(changes(() => {})).toBe(false);
      expect(changes(() => (given = { a: 1 }))).toBe(false);
      expect(changes(() => (given = { a: 2 }))).toBe(true);
      expect(changes(() => (given = { b: 2 }))).toBe(true);
      expect(changes(() => (given = { b: 2, c: 'text' }))).toBe(true);
      expect(changes(() => (given = { b: 2 }))).toBe(true);
      expect(changes(() => (given = {}))).toBe(true);
    });
  });

  test.each([
    ['a text within the limit', 'a'.repeat(1024)],
    ['a number', 1],
    ['a boolean', true],
    ['a bigint', 1n],
    ['undefined', undefined],
  ])('that gives %s the next record is the same', (_what, value) => {
    given = { value };
    expect(logRecord()).toBe(logRecord());
  });

  test.each([
    ['a long text, which nobody keeps', 'a'.repeat(1025)],
    ['null', null],
    ['a symbol', Symbol('value')],
  ])('that gives %s the next record is as good as this one', (_what, value) => {
    given = { value };
    expect(logRecord()).not.toBe(logRecord());
    expect(logRecord()).toEqual(logRecord());
  });

  test('that gives an object each record is a new one, for it may have changed', () => {
    const value = { changing: 1 };
    given = { value };
    const before = logRecord();
    expect(before).toMatchObject({ value: { changing: 1 } });
    value.changing = 2;
    expect(logRecord()).toMatchObject({ value: { changing: 2 } });
    expect(logRecord()).not.toBe(before);
  });
});
