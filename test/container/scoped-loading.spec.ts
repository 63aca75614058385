// Asynchronous factories: loaded before the instance is used, once for each unit of work.

import { Scoped } from '../../src/container/internal.js';
import { ContextError, createTask, currentUnit, gather, runUnitOfWork } from '../../src/core/index.js';
import { addErrorReporter, type Unit } from '../../src/core/internal.js';
import { deferred, macrotask } from '../core/readings.js';
import { codeOf, outcomeOf, thrownBy, withCode } from '../core/support/outcome.js';

const inUnit = <R>(fn: () => R): R => runUnitOfWork({ kind: 'test' }, fn);

/** Something with an asynchronous factory; each instance is made when `settle` is called. */
function pending(name = 'Pending') {
  const asked: { resolve: (made: object) => void; reject: (error: unknown) => void }[] = [];
  const disposed: object[] = [];
  const made: object[] = [];
  const scoped = new Scoped<object>({
    name,
    make: () => new Promise<object>((resolve, reject) => asked.push({ resolve, reject })),
  });
  const settle = (at = 0): object => {
    const one = {
      [Symbol.dispose]() {
        disposed.push(this);
      },
    };
    made.push(one);
    asked[at]?.resolve(one);
    return one;
  };
  return { scoped, asked, made, disposed, settle };
}

// No listener for unhandled rejections below: Jest fails a test that leaves one behind.

describe('loading', () => {
  test('waits for the factory, and then it can be used at once', async () => {
    const { scoped, asked, settle, made } = pending();
    await inUnit(async () => {
      const loading = scoped.load();
      expect(asked).toHaveLength(1);
      expect(scoped.peek()).toBeUndefined();
      const one = settle();
      await loading;
      expect(scoped.use()).toBe(one);
      expect(scoped.peek()).toBe(one);
      await scoped.load();
    });
    expect([asked.length, made.length]).toEqual([1, 1]);
  });

  test('gives nothing: whoever needs the instance uses it', async () => {
    const { scoped, settle } = pending();
    await inUnit(async () => {
      const loading = scoped.load();
      settle();
      expect(await loading).toBeUndefined();
    });
  });

  test('makes the instance of a synchronous factory too', async () => {
    const make = jest.fn(() => ({}));
    const scoped = new Scoped({ name: 'Cart', make });
    await inUnit(async () => {
      const loading = scoped.load();
      expect(make).toHaveBeenCalledTimes(1);
      await loading;
      scoped.use();
    });
    expect(make).toHaveBeenCalledTimes(1);
  });

  test('passes on what a synchronous factory throws', async () => {
    const failure = new Error('no connection');
    const scoped = new Scoped({
      name: 'Cart',
      make: () => {
        throw failure;
      },
    });
    await inUnit(async () => expect(await outcomeOf(() => scoped.load())).toEqual({ error: failure }));
  });

  const many: [string, (load: () => Promise<void>) => Promise<unknown>][] = [
    ['Promise.all', (load) => Promise.all([load(), load(), load()])],
    ['gather', (load) => gather([load, load, load])],
    ['a caller and a branch', (load) => Promise.all([load(), gather([load])])],
    ['one after the other', (load) => load().then(load)],
  ];
  test.each(many)('by %s makes one', async (_, loadAll) => {
    const { scoped, asked, settle, disposed, made } = pending();
    await inUnit(async () => {
      const loading = loadAll(() => scoped.load());
      await macrotask();
      expect(asked).toHaveLength(1);
      settle();
      await loading;
      expect(scoped.use()).toBe(made[0]);
    });
    expect([asked.length, made.length, disposed.length]).toEqual([1, 1, 1]);
  });

  // Also in the microtasks between the one in which the factory settles and the one in which its instance is there.
  test.each([0, 1, 2, 3, 4, 5, 6, 7])(
    '%d microtasks after the factory has settled makes no other',
    async (microtasks) => {
      const { scoped, asked, settle } = pending();
      await inUnit(async () => {
        const loading = outcomeOf(() => scoped.load());
        const one = settle();
        for (let i = 0; i < microtasks; i++) await null;
        await outcomeOf(() => scoped.use());
        const again = outcomeOf(() => scoped.load());
        expect(asked).toHaveLength(1);
        await Promise.all([loading, again]);
        expect(scoped.use()).toBe(one);
      });
      expect(asked).toHaveLength(1);
    },
  );

  test.each([0, 1, 2, 3, 4, 5, 6, 7])(
    '%d microtasks after the factory has failed never gives a half-made one',
    async (microtasks) => {
      const { scoped, asked } = pending();
      const failure = new Error('no connection');
      await inUnit(async () => {
        const loading = outcomeOf(() => scoped.load());
        asked[0]?.reject(failure);
        for (let i = 0; i < microtasks; i++) await null;
        expect(scoped.peek()).toBeUndefined();
        const again = outcomeOf(() => scoped.load());
        for (const { reject } of asked) reject(failure);
        expect(await Promise.all([loading, again])).toEqual([{ error: failure }, { error: failure }]);
        expect(scoped.peek()).toBeUndefined();
      });
      expect(asked.length).toBeLessThanOrEqual(2);
    },
  );

  test('in overlapping units makes one for each, in whatever order they settle', async () => {
    const { scoped, asked, settle, disposed } = pending();
    const used = [0, 1, 2].map(() =>
      inUnit(async () => {
        await scoped.load();
        await macrotask();
        return scoped.use();
      }),
    );
    expect(asked).toHaveLength(3);
    const [third, first, second] = [settle(2), settle(0), settle(1)];
    const all = await Promise.all(used);
    expect(all.map((one) => [third, first, second].indexOf(one))).toEqual([1, 2, 0]);
    expect(new Set(disposed)).toEqual(new Set(all));
  });

  test('in a task loads that of the task', async () => {
    const { scoped, asked, settle } = pending();
    await inUnit(async () => {
      const loading = scoped.load();
      const outer = settle();
      await loading;
      const task = createTask(async () => {
        expect(thrownBy(() => scoped.use())).toEqual(withCode('ERR_INSTANCE_NOT_LOADED'));
        await scoped.load();
        return scoped.use();
      });
      expect(asked).toHaveLength(2);
      const inner = settle(1);
      expect(await task).toBe(inner);
      expect(scoped.use()).toBe(outer);
    });
  });

  test('a thenable that calls back at once, or later, is waited for', async () => {
    const made = {};
    const later = (schedule: (callback: () => void) => void) =>
      new Scoped<object>({
        name: 'Thenable',
        make: () =>
          ({
            then: (resolve: (value: object) => void) => schedule(() => resolve(made)),
          }) as PromiseLike<object>,
      });
    for (const scoped of [later((callback) => callback()), later(setImmediate)]) {
      await inUnit(async () => {
        await scoped.load();
        expect(scoped.use()).toBe(made);
      });
    }
  });
});

describe('used before it is loaded', () => {
  test('it is an error that names it and says what to do', async () => {
    const { scoped } = pending('Pool');
    inUnit(() => {
      const error = thrownBy(() => scoped.use());
      expect(error).toEqual(withCode('ERR_INSTANCE_NOT_LOADED'));
      expect((error as ContextError).message).toMatch(
        /^Context-scoped 'Pool' has an asynchronous factory .*; put @LoadScoped/,
      );
    });
  });

  test('the factory that the use has started is the one that is loaded', async () => {
    const { scoped, asked, settle } = pending();
    await inUnit(async () => {
      for (let i = 0; i < 3; i++)
        expect(thrownBy(() => scoped.use())).toEqual(withCode('ERR_INSTANCE_NOT_LOADED'));
      const loading = scoped.load();
      expect(thrownBy(() => scoped.use())).toEqual(withCode('ERR_INSTANCE_NOT_LOADED'));
      expect(asked).toHaveLength(1);
      const one = settle();
      await loading;
      expect(scoped.use()).toBe(one);
    });
    expect(asked).toHaveLength(1);
  });

  test('once that factory has settled it can be used without being loaded', async () => {
    const { scoped, settle } = pending();
    await inUnit(async () => {
      expect(thrownBy(() => scoped.use())).toEqual(withCode('ERR_INSTANCE_NOT_LOADED'));
      const one = settle();
      await macrotask();
      expect(scoped.use()).toBe(one);
    });
  });

  test('by a constructor, that one is not made, and can be once it is loaded', async () => {
    const { scoped: pool, settle } = pending('Pool');
    const carts = new Scoped({ name: 'Carts', make: () => ({ pool: pool.use() }) });
    await inUnit(async () => {
      expect(thrownBy(() => carts.use())).toEqual(withCode('ERR_INSTANCE_NOT_LOADED'));
      expect(carts.peek()).toBeUndefined();
      const loading = pool.load();
      const one = settle();
      await loading;
      expect(carts.use()).toEqual({ pool: one });
    });
  });

  test('where its factory then rejects, that is nobody’s unhandled rejection', async () => {
    const { scoped, asked } = pending();
    await inUnit(async () => {
      thrownBy(() => scoped.use());
      asked[0]?.reject(new Error('no connection'));
      await macrotask();
      expect(scoped.peek()).toBeUndefined();
    });
  });
});

describe('a factory that rejects', () => {
  test('rejects all who load it with the error as it is, and is tried again by the next', async () => {
    const { scoped, asked, settle } = pending();
    const failure = new Error('no connection');
    await inUnit(async () => {
      const loading = Promise.all([scoped.load(), scoped.load()].map((one) => outcomeOf(() => one)));
      asked[0]?.reject(failure);
      expect(await loading).toEqual([{ error: failure }, { error: failure }]);
      expect(scoped.peek()).toBeUndefined();
      const again = scoped.load();
      expect(asked).toHaveLength(2);
      const one = settle(1);
      await again;
      expect(scoped.use()).toBe(one);
    });
  });

  test('is tried again by a use too', async () => {
    const { scoped, asked } = pending();
    await inUnit(async () => {
      const loading = scoped.load();
      asked[0]?.reject(new Error('no connection'));
      await outcomeOf(() => loading);
      expect(thrownBy(() => scoped.use())).toEqual(withCode('ERR_INSTANCE_NOT_LOADED'));
    });
    expect(asked).toHaveLength(2);
  });

  test('fails in its own unit only', async () => {
    const { scoped, asked, settle } = pending();
    const both = [0, 1].map(() =>
      inUnit(() => outcomeOf(async () => scoped.load().then(() => scoped.use()))),
    );
    asked[0]?.reject(new Error('no connection'));
    const one = settle(1);
    expect(await Promise.all(both)).toEqual([{ error: new Error('no connection') }, { value: one }]);
  });
});

describe('what it needs', () => {
  test('is loaded first, in turn, and then its constructor can use it', async () => {
    const log: string[] = [];
    const needed = ['first', 'second'].map(
      (name) =>
        new Scoped<object>({
          name,
          make: async () => {
            log.push(`${name} begins`);
            await macrotask();
            log.push(name);
            return { name };
          },
        }),
    );
    const carts = new Scoped({
      name: 'Carts',
      needs: () => needed,
      make: () => {
        log.push('carts');
        return { parts: needed.map((one) => one.use()) };
      },
    });
    await inUnit(async () => {
      await carts.load();
      expect(carts.use().parts).toEqual([{ name: 'first' }, { name: 'second' }]);
    });
    expect(log).toEqual(['first begins', 'first', 'second begins', 'second', 'carts']);
  });

  test('is loaded through any number of levels, once where several need it', async () => {
    const { scoped: pool, asked, settle } = pending('Pool');
    const level = (name: string, needs: readonly Scoped[]) =>
      new Scoped({ name, needs: () => needs, make: () => ({ name, parts: needs.map((one) => one.use()) }) });
    const left = level('Left', [pool]);
    const right = level('Right', [pool]);
    const top = level('Top', [left, right]);
    await inUnit(async () => {
      const loading = Promise.all([top.load(), right.load()]);
      const one = settle();
      await loading;
      expect(asked).toHaveLength(1);
      expect(top.use().parts).toEqual([
        { name: 'Left', parts: [one] },
        { name: 'Right', parts: [one] },
      ]);
    });
  });

  test('may be asynchronous for an asynchronous one', async () => {
    const inner = pending('Inner');
    const outer = new Scoped({
      name: 'Outer',
      needs: () => [inner.scoped],
      make: async () => {
        const held = inner.scoped.use();
        await macrotask();
        return { held, same: held === inner.scoped.use() };
      },
    });
    await inUnit(async () => {
      const loading = [outer.load(), outer.load()];
      const one = inner.settle();
      await Promise.all(loading);
      expect(outer.use()).toEqual({ held: one, same: true });
    });
    expect(inner.asked).toHaveLength(1);
  });

  test('that rejects is the error of whoever needs it, which is not made', async () => {
    const { scoped: pool, asked, settle } = pending('Pool');
    const make = jest.fn(() => ({}));
    const carts = new Scoped({ name: 'Carts', needs: () => [pool], make });
    await inUnit(async () => {
      const failure = new Error('no connection');
      const loading = carts.load();
      asked[0]?.reject(failure);
      expect(await outcomeOf(() => loading)).toEqual({ error: failure });
      expect(make).not.toHaveBeenCalled();
      const again = carts.load();
      settle(1);
      await again;
      expect(make).toHaveBeenCalledTimes(1);
    });
  });

  test('is not loaded where the instance is there already', async () => {
    const needs = jest.fn(() => []);
    const carts = new Scoped({ name: 'Carts', needs, make: () => ({}) });
    await inUnit(async () => {
      carts.use();
      await carts.load();
    });
    expect(needs).not.toHaveBeenCalled();
  });

  test('used meanwhile by somebody else, the instance is that one', async () => {
    const { scoped: pool, settle } = pending('Pool');
    const make = jest.fn(() => ({}));
    const carts = new Scoped({ name: 'Carts', needs: () => [pool], make });
    await inUnit(async () => {
      const loading = carts.load();
      const one = carts.use();
      settle();
      await loading;
      expect(carts.use()).toBe(one);
    });
    expect(make).toHaveBeenCalledTimes(1);
  });

  const rounds: [string, string[]][] = [
    ['itself', ['A']],
    ['one that needs it', ['A', 'B']],
    ['one that needs one that needs it', ['A', 'B', 'C']],
  ];
  const factories: [string, (make: () => object) => object, string[]][] = [
    ['synchronous', (make) => make(), ['ERR_DEPENDENCY_CYCLE']],
    ['asynchronous', async (make) => make(), ['ERR_DEPENDENCY_CYCLE', 'ERR_INSTANCE_NOT_LOADED']],
  ];
  describe.each(factories)('and is %s, where that is in the end', (_, made, codes) => {
    test.each(rounds)('%s, which it uses when it is made, cannot be loaded', async (_title, names) => {
      const all: Scoped[] = names.map((name, i) => {
        const next = () => all[(i + 1) % names.length] as Scoped;
        return new Scoped<object>({
          name,
          needs: () => [next()],
          make: () => made(() => ({ next: next().use() })),
        });
      });
      await inUnit(async () => {
        for (let i = 0; i < 2; i++) expect(codes).toContain(await codeOf(() => all[0]?.load()));
        for (const one of all) expect(one.peek()).toBeUndefined();
      });
    });

    // What forwardRef and delay are for.
    test.each(rounds)('%s, which it uses later on, is loaded with it, once', async (_title, names) => {
      const log: string[] = [];
      const all: Scoped<{ next(): object }>[] = names.map((name, i) => {
        const next = () => all[(i + 1) % names.length] as Scoped;
        return new Scoped({
          name,
          needs: () => [next()],
          make: () => {
            log.push(name);
            return made(() => ({ next: () => next().use() })) as { next(): object };
          },
        });
      });
      await inUnit(async () => {
        await Promise.all(all.map((one) => one.load()));
        for (const [i, one] of all.entries())
          expect(one.use().next()).toBe(all[(i + 1) % names.length]?.use());
      });
      expect(log.sort()).toEqual(names);
    });
  });
});

describe('where its unit of work ends while the factory is under way', () => {
  test('whoever loads it is told so, nothing is kept, and the instance is disposed of at once', async () => {
    const { scoped, settle, disposed, asked } = pending();
    let loading: Promise<unknown> | undefined;
    let left: Promise<unknown> | undefined;
    const { promise: settled, resolve: hasSettled } = deferred<void>();
    const unit = inUnit(() => {
      loading = outcomeOf(() => scoped.load());
      left = settled.then(() => [scoped.peek(), thrownBy(() => scoped.use())]);
      return currentUnit() as Unit;
    });
    expect(unit.ended).toBe(true);
    const one = settle();
    expect(await loading).toEqual({ error: withCode('ERR_SCOPE_ENDED') });
    expect(disposed).toEqual([one]);
    hasSettled();
    expect(await left).toEqual([undefined, withCode('ERR_SCOPE_ENDED')]);
    expect(disposed).toEqual([one]);
    expect(asked).toHaveLength(1);
  });

  test('one that is asynchronously disposed of is, and an error of that is reported', async () => {
    const reported: unknown[] = [];
    const { promise: reports, resolve: hasReported } = deferred<void>();
    const previous = addErrorReporter((error, where) => {
      reported.push([error, where]);
      hasReported();
    });
    const failure = new Error('not closed');
    const { promise: gate, resolve: open } = deferred<object>();
    const scoped = new Scoped<object>({ name: 'Pool', make: () => gate });
    let loading: Promise<unknown> | undefined;
    inUnit(() => {
      loading = codeOf(() => scoped.load());
    });
    open({
      [Symbol.asyncDispose]: async () => {
        await macrotask();
        throw failure;
      },
    });
    expect(await loading).toBe('ERR_SCOPE_ENDED');
    await reports;
    previous();
    expect(reported).toEqual([[failure, expect.stringContaining("'Pool'")]]);
  });

  test('and rejects, whoever loads it gets that error, and nobody an unhandled rejection', async () => {
    const { scoped, asked } = pending();
    const failure = new Error('no connection');
    let loading: Promise<unknown> | undefined;
    inUnit(() => {
      loading = outcomeOf(() => scoped.load());
    });
    asked[0]?.reject(failure);
    expect(await loading).toEqual({ error: failure });
  });

  test('and nobody loads it, nobody gets an unhandled rejection', async () => {
    const { scoped, settle, disposed } = pending();
    inUnit(() => void thrownBy(() => scoped.use()));
    settle();
    await macrotask();
    expect(disposed).toHaveLength(1);
  });

  test('what needs it is not made', async () => {
    const { scoped: pool, settle } = pending('Pool');
    const make = jest.fn(() => ({}));
    const carts = new Scoped({ name: 'Carts', needs: () => [pool], make });
    let loading: Promise<unknown> | undefined;
    inUnit(() => {
      loading = codeOf(() => carts.load());
    });
    settle();
    expect(await loading).toBe('ERR_SCOPE_ENDED');
    expect(make).not.toHaveBeenCalled();
  });

  test('the unit does not wait for it', async () => {
    const { scoped, settle } = pending();
    let loading: Promise<unknown> | undefined;
    const unit = await inUnit(async () => {
      loading = codeOf(() => scoped.load());
      return currentUnit() as Unit;
    });
    expect(unit.ended).toBe(true);
    settle();
    expect(await loading).toBe('ERR_SCOPE_ENDED');
  });

  test('one that settles while the others are disposed of is disposed of in its turn', async () => {
    const { scoped, settle, disposed } = pending();
    const log: string[] = [];
    const slow = new Scoped({
      name: 'Slow',
      make: () => ({
        [Symbol.asyncDispose]: async () => {
          settle();
          await macrotask();
          log.push(`slow, of the other: ${disposed.length}`);
        },
      }),
    });
    await inUnit(async () => {
      slow.use();
      void scoped.load();
    });
    expect(log).toEqual(['slow, of the other: 0']);
    expect(disposed).toHaveLength(1);
  });
});
