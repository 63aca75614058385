import { setImmediate as macrotask } from 'node:timers/promises';
import { CLS_ID, CLS_REQ, ClsServiceManager } from 'nestjs-cls';
import {
  AsUnitOfWork,
  bindContext,
  ContextModule,
  ContextVar,
  copyContext,
  createTask,
  currentUnit,
  gather,
  PreserveContext,
  preserveContext,
  runUnitOfWork,
  withTempContext,
} from 'nestjs-contextvars';

// The store of nestjs-cls moves along: forked where a unit of work is, shared where one goes on.

const TRANSACTION = Symbol('transaction');
const tenant = new ContextVar<string>('tenant');
const cls = ClsServiceManager.getClsService();

class Jobs {
  @PreserveContext()
  preserved<R>(fn: () => R): R {
    return fn();
  }

  @PreserveContext({ background: true })
  background<R>(fn: () => R): R {
    return fn();
  }

  @AsUnitOfWork({ kind: 'cron' })
  tick<R>(fn: () => R): R {
    return fn();
  }
}

const jobs = new Jobs();

type Run = <R>(fn: () => R) => R | Promise<Awaited<R>>;

const forks: Record<string, Run> = {
  createTask: (fn) => createTask(fn),
  '@PreserveContext': (fn) => jobs.preserved(fn),
  '@PreserveContext({ background: true })': (fn) => jobs.background(fn),
  preserveContext: (fn) => preserveContext(fn)(),
};

/** A unit of work whose store has a key, a shared object, a request and an open transaction. */
function inParent<R>(fn: (shared: { n: number }) => R): R {
  return runUnitOfWork({ kind: 'parent', id: 'parent' }, () => {
    const shared = { n: 0 };
    cls.set('user', 'ada');
    cls.set('shared', shared);
    cls.set(CLS_REQ, { url: '/' });
    cls.set(TRANSACTION, { open: true });
    return fn(shared);
  });
}

test('the module that registers the seam to nestjs-cls is loaded', () => {
  expect(ContextModule.forRoot().module).toBe(ContextModule);
});

describe.each(Object.entries(forks))('%s gets a store of its own', (_name, fork) => {
  test('with the string keys and the id', async () => {
    await inParent((shared) =>
      fork(async () => {
        await macrotask();
        expect([cls.getId(), cls.get('user')]).toEqual(['parent', 'ada']);
        expect(cls.get('shared')).toBe(shared);
        expect(Object.keys(cls.get() ?? {}).toSorted()).toEqual(['shared', 'user']);
      }),
    );
  });

  test('without the symbol keys: neither the request nor the transaction', async () => {
    await inParent(async () => {
      const symbols = await fork(() => Object.getOwnPropertySymbols(cls.get()));
      expect(symbols).toContain(CLS_ID);
      expect(symbols).not.toContain(CLS_REQ);
      expect(symbols).not.toContain(TRANSACTION);
      expect(cls.get(TRANSACTION)).toEqual({ open: true });
    });
  });

  test('what it sets is not seen by its parent, before or after an await, nor by another one', async () => {
    await inParent(async () => {
      const one = fork(async () => {
        cls.set('user', 'fork');
        cls.set('more', 1);
        cls.set(TRANSACTION, { open: 'fork' });
        await macrotask();
        cls.set('later', 2);
        return cls.get('user');
      });
      expect(cls.get('user')).toBe('ada');
      const other = fork(async () => [cls.get('user'), cls.get('more')]);
      expect(await one).toBe('fork');
      expect(await other).toEqual(['ada', undefined]);
      expect([cls.get('user'), cls.get('more'), cls.get('later')]).toEqual(['ada', undefined, undefined]);
      expect(cls.get(TRANSACTION)).toEqual({ open: true });
    });
  });

  test('which does not see what its parent sets afterwards', async () => {
    await inParent(async () => {
      const reading = fork(async () => {
        await macrotask();
        return cls.get('user');
      });
      cls.set('user', 'bob');
      expect(await reading).toBe('ada');
    });
  });

  test('which is left to work that outlives it, without symbols but the id', async () => {
    await inParent(async () => {
      let left: Promise<unknown[]> | undefined;
      await fork(async () => {
        cls.set(TRANSACTION, { open: 'fork' });
        left = macrotask().then(() => [cls.get('user'), cls.getId(), cls.get(TRANSACTION)]);
      });
      expect(await left).toEqual(['ada', 'parent', undefined]);
    });
  });

  test('outside any unit of work, an empty one with an id', async () => {
    await fork(async () => {
      await macrotask();
      expect(Object.keys(cls.get() ?? {})).toEqual([]);
      expect(cls.getId()).toBe(currentUnit()?.id);
    });
    expect(cls.isActive()).toBe(false);
  });
});

const fresh: Record<string, Run> = {
  runUnitOfWork: (fn) => runUnitOfWork({ kind: 'job' }, fn),
  '@AsUnitOfWork': (fn) => jobs.tick(fn),
};

test.each(Object.entries(fresh))('%s starts with an empty store', async (_name, run) => {
  await inParent(async () => {
    await run(async () => {
      await macrotask();
      expect(Object.keys(cls.get() ?? {})).toEqual([]);
      expect(cls.getId()).toBe(currentUnit()?.id);
      expect(cls.getId()).not.toBe('parent');
      expect(cls.get(TRANSACTION)).toBeUndefined();
      cls.set('user', 'job');
    });
    expect(cls.get('user')).toBe('ada');
  });
});

const joins: Record<string, Run> = {
  'run of a variable': (fn) => tenant.run('acme', fn),
  'a temporary scope': (fn) => withTempContext([tenant.as('acme')], fn),
  gather: async (fn) => (await gather([fn]))[0] as never,
  bindContext: (fn) => bindContext(fn)(),
};

test.each(Object.entries(joins))('%s goes on in the store of its unit', async (_name, join) => {
  await inParent(async () => {
    const store = cls.get();
    await join(async () => {
      expect(cls.get()).toBe(store);
      await macrotask();
      expect(cls.get(TRANSACTION)).toEqual({ open: true });
      cls.set('user', 'joined');
    });
    expect(cls.get('user')).toBe('joined');
  });
});

test('a bound function that is called from elsewhere finds the store of its unit, and leaves the other one', async () => {
  await inParent(async () => {
    const bound = bindContext(() => [cls.get('user'), cls.getId()]);
    runUnitOfWork({ kind: 'other', id: 'other' }, () => {
      cls.set('user', 'bob');
      expect(bound()).toEqual(['ada', 'parent']);
      expect([cls.get('user'), cls.getId()]).toEqual(['bob', 'other']);
    });
  });
});

test('a bound function that is called where nothing is active leaves nothing behind', async () => {
  const bound = inParent(() => bindContext(() => cls.get('user')));
  expect(cls.isActive()).toBe(false);
  expect(bound()).toBe('ada');
  expect(cls.isActive()).toBe(false);
});

test('a copied Context finds the store of the unit that it was copied in', () => {
  inParent(() => {
    const context = copyContext();
    runUnitOfWork({ kind: 'other' }, () => {
      context.run(() => expect([cls.get('user'), cls.getId()]).toEqual(['ada', 'parent']));
    });
  });
});

test('after the end of a unit its store holds nothing under symbols but the id and the unit', async () => {
  const store = inParent(() => cls.get()) as Record<PropertyKey, unknown>;
  const held = Object.getOwnPropertySymbols(store).filter((key) => store[key] !== undefined);
  expect(held).toEqual([CLS_ID, Symbol.for('nestjs-contextvars.unit')]);
  expect(Object.keys(store).toSorted()).toEqual(['shared', 'user']);
});
