// Iterators and Observables that were bound do what they did before, whatever they lack and whoever made them.

import { map, Observable, Subscriber, take } from 'rxjs';
import {
  bindIterable,
  bindObservable,
  ContextVar,
  runUnitOfWork,
  type ScopeMessage,
  withTempContext,
} from '../../src/core/index.js';
import { channels } from '../../src/core/internal.js';
import { FAILURE } from './support/endings.js';

const text = new ContextVar<string>('text', { default: 'outside' });

let ended: string[] = [];
const onEnd = (message: unknown): void => {
  ended.push(...(message as ScopeMessage).bindings.map(({ value }) => String(value)));
};
beforeEach(() => {
  ended = [];
  channels.scopeEnd.subscribe(onEnd);
});
afterEach(() => {
  channels.scopeEnd.unsubscribe(onEnd);
});

const scoped = <R>(make: () => R): R =>
  runUnitOfWork({ kind: 'test' }, () => [withTempContext([text.as('inside')], make)])[0] as R;

/** In a unit of work that is open while `fn` runs. */
const inUnit = <R>(fn: () => R): R => runUnitOfWork({ kind: 'test' }, fn);

describe('an iterator', () => {
  type Bare = IterableIterator<unknown> & AsyncIterableIterator<unknown>;
  const bare = (key: typeof Symbol.iterator | typeof Symbol.asyncIterator, more: object = {}): Bare => {
    const iterator = { next: () => ({ done: false, value: text.get() }), [key]: () => iterator, ...more };
    return iterator as never;
  };

  test('without return and throw is over by either, and so is the scope that it came from', () =>
    inUnit(() => {
      for (const leave of [(it: Bare) => it.return?.('left'), (it: Bare) => it.throw?.(FAILURE)]) {
        const iterator = withTempContext([text.as('inside')], () => bare(Symbol.iterator));
        expect(iterator.next()).toEqual({ done: false, value: 'inside' });
        expect(ended.splice(0)).toEqual([]);
        let outcome: unknown;
        try {
          outcome = leave(iterator);
        } catch (error) {
          outcome = error;
        }
        expect([{ done: true, value: 'left' }, FAILURE]).toContainEqual(outcome);
        expect(ended.splice(0)).toEqual(['inside']);
      }
    }));

  test('that is asynchronous gives promises of that', async () => {
    const iterator = bindIterable(bare(Symbol.asyncIterator));
    const left = iterator.return?.('left');
    expect(left).toBeInstanceOf(Promise);
    expect(await left).toEqual({ done: true, value: 'left' });
    expect(Symbol.iterator in iterator).toBe(false);
    expect((iterator as Partial<Bare>)[Symbol.iterator]).toBeUndefined();
    expect(iterator[Symbol.asyncIterator]()).toBe(iterator);
  });

  test('whose steps give nothing at all gives that', async () => {
    const nothing = { next: () => undefined };
    expect(bindIterable(bare(Symbol.iterator, nothing)).next()).toBeUndefined();
    const later = { next: async () => undefined };
    expect(await bindIterable(bare(Symbol.asyncIterator, later)).next()).toBeUndefined();
    expect(bindIterable(bare(Symbol.iterator, { next: () => null })).next()).toBeNull();
    expect(bindIterable(bare(Symbol.iterator, { next: () => 1 })).next()).toBe(1);
  });

  test('has the methods and the class of its own, with its private fields', () => {
    class Rows {
      #left = 2;
      readonly kind = 'rows';
      next(): { done: boolean; value: number } {
        return { done: this.#left === 0, value: this.#left-- };
      }
      skip(count: number): this {
        this.#left -= count;
        return this;
      }
      left(): number {
        return this.#left;
      }
      [Symbol.iterator](): this {
        return this;
      }
    }
    const rows = bindIterable(new Rows());
    expect(rows.constructor).toBe(Rows);
    expect(rows).toBeInstanceOf(Rows);
    expect(rows.kind).toBe('rows');
    expect(rows.skip(1)).toBe(rows);
    expect(rows.left()).toBe(1);
    expect(rows[Symbol.iterator]()).toBe(rows);
    expect([...rows]).toEqual([1]);
  });
});

describe('an iterable whose iterators are none themselves', () => {
  const iterable = (more: object): Iterable<string> => ({
    [Symbol.iterator]: () => ({ next: () => ({ done: false, value: text.get() }), ...more }) as never,
  });

  test('is read and left inside', () => {
    const left: string[] = [];
    const leave = (): object => {
      left.push(text.get());
      return { done: true };
    };
    const bound = inUnit(() => text.run('inside', () => bindIterable(iterable({ return: leave }))));
    for (const value of bound) {
      expect(value).toBe('inside');
      break;
    }
    expect(left).toEqual(['inside']);
    const again = bound[Symbol.iterator]();
    expect(again.return?.()).toEqual({ done: true });
    expect(left).toHaveLength(2);
    expect(Object.keys(bound)).toEqual([]);
  });

  test('has a throw where they have one, and is left without', () => {
    const thrown: unknown[] = [];
    const withThrow = iterable({ throw: (error: unknown) => thrown.push(error, text.get()) });
    const bound = inUnit(() => text.run('inside', () => bindIterable(withThrow)));
    bound[Symbol.iterator]().throw?.(FAILURE);
    expect(thrown).toEqual([FAILURE, 'inside']);
    const without = inUnit(() => bindIterable(iterable({})))[Symbol.iterator]();
    expect(without.return?.('left')).toEqual({ done: true, value: 'left' });
    expect(() => without.throw?.(FAILURE)).toThrow(FAILURE);
  });
});

describe('an Observable', () => {
  test('whose subscribe throws ends its scope, and throws that', () =>
    inUnit(() => {
      const broken = withTempContext([text.as('inside')], () => ({
        subscribe(): never {
          throw FAILURE;
        },
        pipe(): void {},
      }));
      expect(ended.splice(0)).toEqual(['inside']);
      expect(() => broken.subscribe()).toThrow(FAILURE);
      expect(ended).toEqual(['inside']);
    }));

  test('below an operator fails outside, where the operator was subscribed to', () =>
    inUnit(() => {
      const failing = withTempContext(
        [text.as('inside')],
        () =>
          new Observable<string>((to) => {
            to.next(text.get());
            to.error(FAILURE);
          }),
      );
      const seen: unknown[] = [];
      failing.pipe(map((value) => `${value}, ${text.get()}`)).subscribe({
        next: (value) => seen.push(value),
        error: (error) => seen.push(error, text.get()),
      });
      expect(seen).toEqual(['inside, outside', FAILURE, 'outside']);
      expect(ended).toContain('inside');
    }));

  test('below an operator that has enough is told so at once', () =>
    inUnit(() => {
      let count = 0;
      const endless = withTempContext(
        [text.as('inside')],
        () =>
          new Observable<number>((to) => {
            while (!to.closed && count < 100) to.next(count++);
          }),
      );
      const seen: number[] = [];
      endless.pipe(take(2)).subscribe((value) => seen.push(value));
      expect([seen, count]).toEqual([[0, 1], 2]);
    }));

  test.each([
    [1, [FAILURE]],
    [2, [FAILURE, FAILURE]],
  ])('with %i teardowns that fail runs all, ends, and throws what they threw', (count, errors) =>
    inUnit(() => {
      let others = 0;
      const source = withTempContext(
        [text.as('inside')],
        () =>
          new Observable<never>((to) => {
            for (let i = 0; i < count; i++)
              to.add(() => {
                throw FAILURE;
              });
            to.add(() => others++);
          }),
      );
      ended = [];
      const subscription = source.pipe(map((value) => value)).subscribe();
      let thrown: unknown;
      try {
        subscription.unsubscribe();
      } catch (error) {
        thrown = error;
      }
      const flat = (error: unknown): unknown[] => {
        const { errors: inner } = error as { errors?: unknown[] };
        return inner === undefined ? [error] : inner.flatMap(flat);
      };
      expect(flat(thrown)).toEqual(errors);
      expect(others).toBe(1);
      expect(ended).toEqual(['inside']);
      expect(() => subscription.unsubscribe()).not.toThrow();
    }),
  );

  test('gives a subscriber of an operator that can be given teardowns, and have them taken away', () =>
    inUnit(() => {
      const seen: string[] = [];
      const bound = withTempContext([text.as('inside')], () => new Observable<never>(() => {}));
      const to = new Subscriber<never>();
      const subscription = bound.subscribe(to);
      const removed = (): number => seen.push('removed');
      subscription.add(removed);
      subscription.add(() => seen.push(text.get()));
      subscription.add(null as never);
      subscription.remove(removed as never);
      subscription.unsubscribe();
      subscription.add(() => seen.push('late'));
      expect(seen).toEqual(['inside', 'late']);
    }));

  test('that gives a function is ended by it, inside, also where that fails', () =>
    inUnit(() => {
      const left: string[] = [];
      const store = withTempContext([text.as('inside')], () => ({
        subscribe: (fail: boolean) => () => {
          left.push(text.get());
          if (fail) throw FAILURE;
        },
        pipe(): void {},
      }));
      ended = [];
      store.subscribe(false)();
      expect(() => store.subscribe(true)()).toThrow(FAILURE);
      expect(left).toEqual(['inside', 'inside']);
      expect(ended).toEqual(['inside', 'inside']);
    }));

  test('takes what only looks like a subscriber as an observer', () => {
    const source = scopedSource();
    const seen: unknown[] = [];
    const next = (value: string): number => seen.push(value);
    for (const observer of [
      { next },
      { next, add() {} },
      { next, add() {}, unsubscribe() {} },
      { next, add() {}, closed: false },
      { next, unsubscribe() {}, closed: false },
    ])
      source.subscribe(observer);
    source.subscribe(null as never);
    expect(seen).toEqual(Array(5).fill('bound'));
  });

  function scopedSource(): Observable<string> {
    return bindObservable(
      new Observable<string>((to) => {
        to.next('bound');
        to.complete();
      }),
    );
  }
});

test('a callable thenable that a run gives is followed inside', async () => {
  const thenable = (): unknown =>
    Object.assign(() => {}, { then: (resolve: (value: string) => void) => resolve(text.get()) });
  expect(await inUnit(() => text.run('inside', thenable))).toBe('inside');
  expect(scoped(() => 'given')).toBe('given');
});
