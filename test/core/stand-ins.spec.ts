// What stands in for a function or method has what others look for on the original.

import {
  activeTasks,
  bindContext,
  ContextVar,
  createTask,
  currentUnit,
  PreserveContext,
  preserveContext,
  runUnitOfWork,
} from '../../src/core/index.js';
import { outsideAny, runTrackedUnit } from '../../src/core/internal.js';

const text = new ContextVar<string>('text');

test('name, length and own properties, but not what belongs to one function alone', () => {
  const original = Object.assign(
    // A function that is not in strict mode has properties that no other may be given.
    new Function('first', 'second', 'return first;') as (first: number, second: number) => number,
    { own: 1, [Symbol.for('own')]: 2 },
  );
  for (const bound of [bindContext(original), preserveContext(original)]) {
    expect([bound.name, bound.length, bound.own, bound[Symbol.for('own') as never]]).toEqual([
      'anonymous',
      2,
      1,
      2,
    ]);
    expect(bound(3, 4)).toBe(3);
    expect(bound.prototype).not.toBe(original.prototype);
    expect(Object.hasOwn(bound, 'arguments')).toBe(false);
    expect(Object.hasOwn(bound, 'caller')).toBe(false);
  }
});

describe('metadata', () => {
  const known = new Map<object, Map<unknown, unknown>>();
  const reflect = {
    getOwnMetadataKeys: (target: object) => [...(known.get(target)?.keys() ?? [])],
    getOwnMetadata: (key: unknown, target: object) => known.get(target)?.get(key),
    defineMetadata: (key: unknown, value: unknown, target: object) => {
      known.set(target, (known.get(target) ?? new Map()).set(key, value));
    },
  };
  const before = Object.keys(reflect).map(
    (key) => [key, Object.getOwnPropertyDescriptor(Reflect, key)] as const,
  );
  beforeAll(() => Object.assign(Reflect, reflect));
  afterAll(() => {
    for (const [key, property] of before) {
      Reflect.deleteProperty(Reflect, key);
      if (property !== undefined) Object.defineProperty(Reflect, key, property);
    }
  });

  test('that decorators below have put there', () => {
    const route = (): void => {};
    reflect.defineMetadata('path', '/orders', route);
    const bound = bindContext(route);
    expect(reflect.getOwnMetadataKeys(bound)).toEqual(['path']);
    expect(reflect.getOwnMetadata('path', bound)).toBe('/orders');
    expect(reflect.getOwnMetadataKeys(bindContext(() => {}))).toEqual([]);
  });
});

class Receipts {
  @PreserveContext({ background: true })
  render(): unknown {
    return activeTasks().map(({ name }) => name);
  }

  @PreserveContext({ background: true })
  static renderAll(): unknown {
    return activeTasks().map(({ name }) => name);
  }
}

test('a call is named after its class and method, and a task after its function', async () => {
  expect(new Receipts().render()).toEqual(['Receipts.render']);
  expect(Receipts.renderAll()).toEqual(['Receipts.renderAll']);
  const names = (): unknown => activeTasks().map(({ name }) => name);
  expect(await createTask(names)).toEqual(['names']);
  expect(await createTask(() => names())).toEqual([undefined]);
  expect(await createTask(names, { name: 'given' })).toEqual(['given']);
});

describe('a tracked unit of work', () => {
  const seen = (): unknown => [
    text.get('unset'),
    currentUnit()?.kind,
    activeTasks().map(({ name, parent }) => [name, parent?.kind]),
  ];

  test('begins empty, whatever is current, and is a task until it has ended', () =>
    runUnitOfWork({ kind: 'around' }, () => {
      text.set('around');
      const given = runTrackedUnit({ kind: 'message', name: 'orders' }, (unit) => [
        unit === currentUnit(),
        seen(),
      ]);
      expect(given).toEqual([true, ['unset', 'message', [['orders', undefined]]]]);
      expect(activeTasks()).toEqual([]);
    }));

  test('or in a copy, where it is told to', () =>
    runUnitOfWork({ kind: 'around' }, () => {
      text.set('around');
      const given = runTrackedUnit({ kind: 'message', fork: true }, () => {
        const at = seen();
        text.set('inside');
        return [at];
      });
      expect(given).toEqual([['around', 'message', [[undefined, 'around']]]]);
      expect(text.get()).toBe('around');
    }));

  test('or outside any, without a parent', () => {
    expect(runTrackedUnit({ kind: 'message', fork: true }, seen)).toEqual([
      'unset',
      'message',
      [[undefined, undefined]],
    ]);
  });
});

test('outsideAny leaves whatever it is called in', () =>
  runUnitOfWork({ kind: 'around' }, () => {
    expect(outsideAny(() => [currentUnit()])).toEqual([undefined]);
    expect(currentUnit()?.kind).toBe('around');
  }));
