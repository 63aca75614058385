// A token restores the keys of its bind, and no others; once, and in the place where the bind was made.

import { inspect } from 'node:util';
import {
  bindLogContext,
  Context,
  ContextVar,
  clearLogContext,
  copyContext,
  createTask,
  gather,
  getLogContext,
  LogToken,
  resetLogContext,
  unbindLogContext,
  withLogContext,
} from '../../src/core/index.js';
import { coreError } from './support/core-error.js';
import { activeStates } from './support/starting-states.js';

const other = new ContextVar<number>('other');

describe.each(activeStates)('starting in %s', (_, start) => {
  test('restores what the keys were before, bound or not', () => {
    start(() => {
      bindLogContext({ a: 1 });
      const token = bindLogContext({ a: 2, b: 2 });
      bindLogContext({ c: 3 });
      resetLogContext(token);
      expect(getLogContext()).toEqual({ a: 1, c: 3 });
    });
  });

  test('restores keys that were unbound or cleared since', () => {
    start(() => {
      bindLogContext({ a: 1, b: 1 });
      const token = bindLogContext({ a: 2 });
      clearLogContext();
      resetLogContext(token);
      expect(getLogContext()).toEqual({ a: 1 });
    });
  });

  test('an outer token restores over inner binds, and an inner one afterwards what it found', () => {
    start(() => {
      const outer = bindLogContext({ a: 1 });
      const inner = bindLogContext({ a: 2 });
      resetLogContext(outer);
      expect(getLogContext()).toEqual({});
      resetLogContext(inner);
      expect(getLogContext()).toEqual({ a: 1 });
    });
  });

  test('used twice is ERR_TOKEN_USED, and changes nothing', () => {
    start(() => {
      const token = bindLogContext({ a: 1 });
      resetLogContext(token);
      bindLogContext({ a: 2 });
      expect(() => resetLogContext(token)).toThrow(coreError('ERR_TOKEN_USED'));
      expect(getLogContext()).toEqual({ a: 2 });
    });
  });

  test.each<[string, (fn: () => unknown) => unknown]>([
    ['another Context', (fn) => new Context().run(fn)],
    ['a copy', (fn) => copyContext().run(fn)],
    ['a task', (fn) => createTask(fn)],
    ['a branch of gather', (fn) => gather([fn])],
    ['a block of the key', (fn) => withLogContext({ a: 9 }, fn)],
  ])('in %s it is ERR_TOKEN_FOREIGN_CONTEXT, and still good where it was made', async (_, elsewhere) => {
    await start(async () => {
      bindLogContext({ a: 0 });
      const token = bindLogContext({ a: 1, b: 1 });
      await elsewhere(() => {
        const before = getLogContext();
        expect(() => resetLogContext(token)).toThrow(coreError('ERR_TOKEN_FOREIGN_CONTEXT'));
        expect(getLogContext()).toEqual(before);
      });
      resetLogContext(token);
      expect(getLogContext()).toEqual({ a: 0 });
    });
  });

  test('outside any context it is ERR_TOKEN_FOREIGN_CONTEXT', () => {
    const token = start(() => bindLogContext({ a: 1 }));
    expect(() => resetLogContext(token)).toThrow(coreError('ERR_TOKEN_FOREIGN_CONTEXT'));
  });

  test('is good under a run of a variable, and in a block of other keys', () => {
    start(() => {
      const token = bindLogContext({ a: 1 });
      const second = bindLogContext({ b: 1 });
      other.run(1, () => resetLogContext(token));
      withLogContext({ c: 1 }, () => resetLogContext(second));
      expect(getLogContext()).toEqual({});
    });
  });

  test('of a bind inside a block restores the temporary key there', () => {
    start(() => {
      bindLogContext({ a: 0 });
      withLogContext({ a: 1 }, () => {
        const token = bindLogContext({ a: 2, b: 2 });
        expect(getLogContext()).toEqual({ a: 2, b: 2 });
        resetLogContext(token);
        expect(getLogContext()).toEqual({ a: 1 });
        unbindLogContext('a');
        const bound = bindLogContext({ a: 3 });
        resetLogContext(bound);
        expect(getLogContext()).toEqual({});
      });
      expect(getLogContext()).toEqual({ a: 0 });
    });
  });

  test('of a bind inside a block cannot be used after it where one of its keys was temporary', () => {
    start(() => {
      let mixed: LogToken | undefined;
      let lasting: LogToken | undefined;
      withLogContext({ a: 1 }, () => {
        mixed = bindLogContext({ a: 2, b: 2 });
        lasting = bindLogContext({ c: 3 });
      });
      expect(() => resetLogContext(mixed as LogToken)).toThrow(coreError('ERR_TOKEN_FOREIGN_CONTEXT'));
      expect(getLogContext()).toEqual({ b: 2, c: 3 });
      resetLogContext(lasting as LogToken);
      expect(getLogContext()).toEqual({ b: 2 });
    });
  });

  test('of no fields is good for one reset that changes nothing', () => {
    start(() => {
      const token = bindLogContext({});
      bindLogContext({ a: 1 });
      expect(() => copyContext().run(() => resetLogContext(token))).toThrow(
        coreError('ERR_TOKEN_FOREIGN_CONTEXT'),
      );
      resetLogContext(token);
      expect(getLogContext()).toEqual({ a: 1 });
      expect(() => resetLogContext(token)).toThrow(coreError('ERR_TOKEN_USED'));
    });
  });

  test('with using it restores at the end of the block', () => {
    start(() => {
      bindLogContext({ a: 1 });
      {
        using token = bindLogContext({ a: 2 });
        expect(token).toBeInstanceOf(LogToken);
        expect(getLogContext()).toEqual({ a: 2 });
      }
      expect(getLogContext()).toEqual({ a: 1 });
    });
  });
});

test('tokens are made by bindLogContext only', () => {
  const Anyone = LogToken as unknown as new (...args: unknown[]) => LogToken;
  const Derived = class extends Anyone {};
  for (const make of [() => new Anyone(), () => new Anyone(Symbol('log token'), {}, []), () => new Derived()])
    expect(make).toThrow(new TypeError('LogToken: made by bindLogContext only'));
  expect(() => resetLogContext(Object.create(LogToken.prototype))).toThrow(
    'resetLogContext: expected a LogToken, got an object of another class',
  );
});

test('printed, a token shows its keys and whether it is used, and no values', () => {
  new Context().run(() => {
    const token = bindLogContext({ orderId: 'value', step: 'value' });
    expect(inspect(token)).toBe("LogToken { keys: [ 'orderId', 'step' ] }");
    resetLogContext(token);
    expect(inspect(token)).toBe("LogToken { used, keys: [ 'orderId', 'step' ] }");
    expect(JSON.stringify(token)).toBe('{}');
  });
});
