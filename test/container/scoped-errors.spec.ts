// What using something context-scoped says where there can be no instance, and that nothing half-made is left.

import { type Recipe, Scoped } from '../../src/container/internal.js';
import {
  bindContext,
  Context,
  ContextError,
  createTask,
  currentUnit,
  runUnitOfWork,
} from '../../src/core/index.js';
import { addErrorReporter, type Unit } from '../../src/core/internal.js';
import { deferred, macrotask } from '../core/readings.js';
import { codeOf, outcomeOf, thrownBy, withCode } from '../core/support/outcome.js';

function scoped<T extends object>(name: string, make: Recipe<T>['make']): Scoped<T> {
  return new Scoped<T>({ name, make });
}

const inUnit = <R>(fn: () => R): R => runUnitOfWork({ kind: 'test' }, fn);

const unit = (): Unit => currentUnit() as Unit;

/** What it says; fails where it is none of ours. */
function messageOf(error: unknown): string {
  expect(error).toBeInstanceOf(ContextError);
  return (error as ContextError).message;
}

describe('outside any unit of work', () => {
  const make = jest.fn(() => ({}));
  const cart = scoped('Cart', make);

  test('using it is an error that names it and says where it can be used', () => {
    const error = thrownBy(() => cart.use());
    expect(error).toEqual(withCode('ERR_NO_ACTIVE_CONTEXT'));
    expect(messageOf(error)).toMatch(/^Context-scoped 'Cart' .*outside any unit of work; .*runUnitOfWork/);
    expect(make).not.toHaveBeenCalled();
  });

  test('loading it rejects with the same, and does not throw', async () => {
    const loading = cart.load();
    expect(await codeOf(() => loading)).toBe('ERR_NO_ACTIVE_CONTEXT');
    expect(make).not.toHaveBeenCalled();
  });

  test('that another unit of work has one makes no difference', async () => {
    const { promise: gate, resolve: open } = deferred<void>();
    const other = inUnit(async () => {
      cart.use();
      await gate;
    });
    expect(thrownBy(() => cart.use())).toEqual(withCode('ERR_NO_ACTIVE_CONTEXT'));
    open();
    await other;
  });
});

describe('after the end of its unit of work', () => {
  /** Each calls `use` after the end of the unit that it was started in. */
  const leftRunning: [string, (use: () => unknown) => Promise<unknown>][] = [
    ['a promise', (use) => macrotask().then(use)],
    [
      'an async function',
      async (use) => {
        await macrotask();
        return use();
      },
    ],
    ['a timer', (use) => new Promise((resolve) => setTimeout(() => resolve(use()), 1))],
    ['an immediate', (use) => new Promise((resolve) => setImmediate(() => resolve(use())))],
    [
      'a nextTick callback',
      (use) => new Promise((resolve) => setImmediate(() => process.nextTick(() => resolve(use())))),
    ],
    [
      'a bound function',
      (use) => {
        const bound = bindContext(use);
        return macrotask().then(() => new Context().run(() => bound()));
      },
    ],
    [
      'a listener of its signal',
      (use) => new Promise((resolve) => unit().signal.addEventListener('abort', () => resolve(use()))),
    ],
  ];
  const uses: [string, boolean, boolean][] = [
    ['that was used there', true, false],
    ['that was not', false, false],
    ['that was used there and is asynchronously disposed of', true, true],
  ];

  describe.each(uses)('one %s', (_, before, asynchronous) => {
    test.each(leftRunning)('cannot be used by %s', async (_title, start) => {
      const make = jest.fn(() => (asynchronous ? { [Symbol.asyncDispose]: () => null } : {}));
      const cart = scoped('Cart', make);
      let left: Promise<unknown> | undefined;
      inUnit(() => {
        if (before) cart.use();
        left = start(() => [thrownBy(() => cart.use()), cart.load()]);
      });
      const [error, loading] = (await left) as [unknown, Promise<void>];
      expect(error).toEqual(withCode('ERR_SCOPE_ENDED'));
      expect(messageOf(error)).toMatch(
        /^Context-scoped 'Cart' .*after the end of its unit of work; .*createTask/,
      );
      expect(await codeOf(() => loading)).toBe('ERR_SCOPE_ENDED');
      expect(make).toHaveBeenCalledTimes(before ? 1 : 0);
    });
  });

  test('a task that the unit has started uses its own', async () => {
    const cart = scoped('Cart', () => ({}));
    let task: Promise<unknown> | undefined;
    inUnit(() => {
      cart.use();
      task = createTask(async () => {
        await macrotask();
        return cart.use();
      });
    });
    expect(await task).toEqual({});
  });
});

describe('while its unit of work ends', () => {
  test('listeners of the end use the instance that there is', async () => {
    class Cart {
      disposed = false;
      [Symbol.dispose](): void {
        this.disposed = true;
      }
    }
    const cart = scoped('Cart', () => new Cart());
    const seen: unknown[] = [];
    await inUnit(async () => {
      const mine = cart.use();
      unit().on('end', async () => {
        await macrotask();
        seen.push(cart.use() === mine, mine.disposed);
      });
    });
    expect(seen).toEqual([true, false]);
  });

  test('one that they are the first to use is made, and disposed of', async () => {
    const dispose = jest.fn();
    const cart = scoped('Cart', () => ({ [Symbol.dispose]: dispose }));
    await inUnit(async () => unit().on('end', () => void cart.use()));
    expect(dispose).toHaveBeenCalledTimes(1);
  });

  test('one that has been disposed of already is not given out any more', async () => {
    const { promise: gate, resolve: open } = deferred<void>();
    const { promise: disposed, resolve: isDisposed } = deferred<void>();
    const slow = scoped('Slow', () => ({ [Symbol.asyncDispose]: () => gate }));
    const make = jest.fn(() => ({ [Symbol.dispose]: isDisposed }));
    const cart = scoped('Cart', make);
    let left: Promise<unknown> | undefined;
    const work = inUnit(async () => {
      slow.use();
      cart.use();
      left = disposed.then(() => macrotask()).then(() => cart.use());
    });
    expect(await codeOf(() => left)).toBe('ERR_SCOPE_ENDED');
    open();
    await work;
    expect(make).toHaveBeenCalledTimes(1);
  });
});

describe('a dependency on itself', () => {
  interface Link {
    readonly name: string;
    readonly next?: unknown;
  }
  /** One for each name; each uses the next one in its constructor, the last one the one called `back`. */
  function chain(names: readonly string[], back: string): Map<string, Scoped<Link>> {
    const all = new Map<string, Scoped<Link>>();
    names.forEach((name, i) => {
      all.set(
        name,
        scoped(name, () => ({ name, next: all.get(names[i + 1] ?? back)?.use() })),
      );
    });
    return all;
  }

  const cycles: [string, string[], string, string][] = [
    ['by itself', ['A'], 'A', 'A -> A'],
    ['through another', ['A', 'B'], 'A', 'A -> B -> A'],
    ['through two others', ['A', 'B', 'C'], 'A', 'A -> B -> C -> A'],
    ['below what is used', ['Entry', 'Service', 'A', 'B'], 'A', 'A -> B -> A'],
    ['of the last of a path', ['Entry', 'Service', 'A'], 'A', 'A -> A'],
  ];

  test.each(cycles)('%s is refused with the path, without what leads to it', (_, names, back, path) => {
    const all = chain(names, back);
    inUnit(() => {
      // The same a second time: nothing is left of the first.
      for (let i = 0; i < 2; i++) {
        const error = thrownBy(() => all.get(names[0] ?? '')?.use());
        expect(error).toEqual(withCode('ERR_DEPENDENCY_CYCLE'));
        expect(messageOf(error)).toMatch(
          new RegExp(`^Context-scoped '${back}' depends on itself: ${path}; `),
        );
      }
      for (const link of all.values()) expect(link.peek()).toBeUndefined();
    });
  });

  test('is refused from whichever of them is used first, with the path from there', () => {
    const all = chain(['A', 'B', 'C'], 'A');
    const pathFrom = (name: string) =>
      inUnit(() => /itself: (.*?);/.exec(messageOf(thrownBy(() => all.get(name)?.use())))?.[1]);
    expect(['A', 'B', 'C'].map(pathFrom)).toEqual([
      'A -> B -> C -> A',
      'B -> C -> A -> B',
      'C -> A -> B -> C',
    ]);
  });

  test('two of one name are told apart', () => {
    const first: Scoped<object> = scoped('Same', () => ({ next: second.use() }));
    const second = scoped('Same', () => ({}));
    inUnit(() => expect(first.use()).toEqual({ next: {} }));
  });

  test('a diamond is none', () => {
    const bottom = scoped('Bottom', () => ({}));
    const left = scoped('Left', () => ({ bottom: bottom.use() }));
    const right = scoped('Right', () => ({ bottom: bottom.use() }));
    const top = scoped('Top', () => ({ left: left.use(), right: right.use() }));
    inUnit(() => expect(top.use().left.bottom).toBe(top.use().right.bottom));
  });

  test('used after construction is none', () => {
    const a: Scoped<{ other(): object }> = scoped('A', () => ({ other: () => b.use() }));
    const b: Scoped<{ other(): object }> = scoped('B', () => {
      a.use();
      return { other: () => a.use() };
    });
    inUnit(() => {
      expect(a.use().other()).toBe(b.use());
      expect(b.use().other()).toBe(a.use());
    });
  });

  test('leaves whoever was refused as it is: a constructor that goes on without has an instance', () => {
    let refused: unknown;
    const a: Scoped<object> = scoped('A', () => {
      refused = thrownBy(() => b.use());
      return { without: 'B' };
    });
    const b: Scoped<object> = scoped('B', () => ({ a: a.use() }));
    inUnit(() => {
      expect(a.use()).toEqual({ without: 'B' });
      expect(refused).toEqual(withCode('ERR_DEPENDENCY_CYCLE'));
      expect(b.use()).toEqual({ a: { without: 'B' } });
    });
  });

  test('is seen in the synchronous part of an asynchronous factory too', async () => {
    const a: Scoped<object> = scoped('A', async () => ({ b: b.use() }));
    const b: Scoped<object> = scoped('B', () => ({ a: a.use() }));
    await inUnit(async () => {
      const outcome = await outcomeOf(() => a.load());
      expect('error' in outcome && messageOf(outcome.error)).toMatch(/itself: A -> B -> A;/);
    });
  });

  test('in the part after its first await it is not loaded, and waits for nothing', async () => {
    const a: Scoped<object> = scoped('A', async () => {
      await macrotask();
      return { b: b.use() };
    });
    const b: Scoped<object> = scoped('B', () => ({ a: a.use() }));
    await inUnit(async () => expect(await codeOf(() => a.load())).toBe('ERR_INSTANCE_NOT_LOADED'));
  });
});

describe('a constructor or factory that throws', () => {
  const failures: [string, unknown][] = [
    ['an Error', new TypeError('no connection')],
    ['a ContextError', new ContextError('ERR_VAR_UNSET', 'of its own')],
    ['a string', 'no connection'],
    ['undefined', undefined],
    ['null', null],
  ];

  test.each(failures)('passes %s on as it is, and is tried again on the next use', (_, failure) => {
    let fails = true;
    const make = jest.fn(() => {
      if (fails) throw failure;
      return {};
    });
    const cart = scoped('Cart', make);
    inUnit(() => {
      for (let i = 0; i < 2; i++) {
        let thrown: unknown = 'nothing';
        try {
          cart.use();
        } catch (error) {
          thrown = error;
        }
        expect(thrown).toBe(failure);
        expect(cart.peek()).toBeUndefined();
      }
      fails = false;
      const one = cart.use();
      expect(cart.use()).toBe(one);
    });
    expect(make).toHaveBeenCalledTimes(3);
  });

  test('passes through whoever uses it, of which nothing is kept either', () => {
    const failure = new Error('no connection');
    let fails = true;
    const log: string[] = [];
    const settings = scoped('Settings', () => ({ [Symbol.dispose]: () => log.push('settings') }));
    const pool = scoped('Pool', () => {
      settings.use();
      if (fails) throw failure;
      return { [Symbol.dispose]: () => log.push('pool') };
    });
    const carts = scoped('Carts', () => ({ pool: pool.use(), [Symbol.dispose]: () => log.push('carts') }));
    inUnit(() => {
      expect(thrownBy(() => carts.use())).toBe(failure);
      expect([carts.peek(), pool.peek()]).toEqual([undefined, undefined]);
      // It was whole when the other one failed.
      const whole = settings.peek();
      expect(whole).toBeDefined();
      fails = false;
      expect(carts.use().pool).toBe(pool.use());
      expect(settings.use()).toBe(whole);
    });
    expect(log).toEqual(['carts', 'pool', 'settings']);
  });

  test('is no cycle for what is made next', () => {
    let fails = true;
    const a: Scoped<object> = scoped('A', () => {
      if (fails) throw new Error('first');
      return { b: b.use() };
    });
    const b = scoped('B', () => ({}));
    const c = scoped('C', () => ({ a: a.use() }));
    inUnit(() => {
      expect(thrownBy(() => c.use())).toEqual(new Error('first'));
      fails = false;
      expect(c.use()).toEqual({ a: { b: {} } });
    });
  });

  test('fails in its own unit only', async () => {
    const cart = scoped('Cart', () => {
      if (currentUnit()?.id === 'bad') throw new Error('no connection');
      return {};
    });
    const outcomes = ['bad', 'good'].map((id) =>
      outcomeOf(() => runUnitOfWork({ kind: 'test', id }, async () => macrotask().then(() => cart.use()))),
    );
    expect(await Promise.all(outcomes)).toEqual([{ error: new Error('no connection') }, { value: {} }]);
  });
});

describe('a factory that gives nothing that can be stood in for', () => {
  const results: [string, unknown, string][] = [
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a string', 'text', 'a string'],
    ['an empty string', '', 'a string'],
    ['a number', 0, 'a number'],
    ['a boolean', false, 'a boolean'],
    ['a bigint', 1n, 'a bigint'],
    ['a symbol', Symbol('made'), 'a symbol'],
  ];

  test.each(results)('is refused with what it gave: %s', (_, result, got) => {
    let made = result;
    const cart = scoped('Cart', () => made as object);
    inUnit(() => {
      const error = thrownBy(() => cart.use());
      expect(error).toEqual(withCode('ERR_INVALID_INSTANCE'));
      expect(messageOf(error)).toMatch(
        new RegExp(`^The factory of context-scoped 'Cart' gave ${got}, .*; give an object`),
      );
      expect(cart.peek()).toBeUndefined();
      made = {};
      expect(cart.use()).toBe(made);
    });
  });

  test.each(results)('is refused where it is asynchronous: %s', async (_, result) => {
    let made = result;
    const cart = scoped('Cart', async () => made as object);
    await inUnit(async () => {
      expect(await codeOf(() => cart.load())).toBe('ERR_INVALID_INSTANCE');
      made = {};
      await cart.load();
      expect(cart.use()).toBe(made);
    });
  });

  test('is nothing to dispose of, and nothing to report', async () => {
    const reported = jest.fn();
    const previous = addErrorReporter(reported);
    const cart = scoped('Cart', () => null as never);
    await inUnit(async () => void thrownBy(() => cart.use()));
    previous();
    expect(reported).not.toHaveBeenCalled();
  });
});
