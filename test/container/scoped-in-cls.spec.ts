// A context of nestjs-cls is a unit of work: things that are context-scoped just work in it, and move with its store.

import { setImmediate as macrotask } from 'node:timers/promises';
import { ClsServiceManager } from 'nestjs-cls';
import { Scoped } from '../../src/container/internal.js';
import {
  ContextVar,
  createTask,
  currentUnit,
  gather,
  runUnitOfWork,
  ScopedValue,
} from '../../src/core/index.js';
import { registerClsStore } from '../../src/nest/cls-store.js';
import { deferred } from '../core/readings.js';

registerClsStore();

const cls = ClsServiceManager.getClsService();
const tenant = new ContextVar<string>('tenant');
const role = new ScopedValue<string>('role');

function session() {
  const made: { user: unknown; tenant: string; role: string }[] = [];
  const disposed: unknown[] = [];
  const make = () => {
    const one = {
      user: cls.get('user'),
      tenant: tenant.get('none'),
      role: role.get('none'),
      [Symbol.dispose]: () => void disposed.push(cls.get('user')),
    };
    made.push(one);
    return one;
  };
  return { made, disposed, scoped: new Scoped({ name: 'Session', make }) };
}

describe('in cls.run outside any unit of work', () => {
  test('there is one instance, before and after an await, and none outside', async () => {
    const { scoped, made } = session();
    await cls.run(async () => {
      expect([scoped.usable, scoped.peek()]).toEqual([true, undefined]);
      const one = scoped.use();
      await macrotask();
      expect(scoped.use()).toBe(one);
      expect(await gather([() => scoped.use()])).toEqual([one]);
    });
    expect([scoped.usable, scoped.peek()]).toEqual([false, undefined]);
    expect(made).toHaveLength(1);
  });

  test('overlapping ones have one each, made with their own store', async () => {
    const { scoped } = session();
    const one = (user: string) =>
      cls.run(async () => {
        cls.set('user', user);
        await macrotask();
        const mine = scoped.use();
        await macrotask();
        expect(scoped.use()).toBe(mine);
        return mine.user;
      });
    expect(await Promise.all([one('ada'), one('bob'), one('cyd')])).toEqual(['ada', 'bob', 'cyd']);
  });

  test.each(['inherit', 'reuse'] as const)('one nested with ifNested: %s shares it', async (ifNested) => {
    const { scoped } = session();
    await cls.run(async () => {
      const outer = scoped.use();
      await cls.run({ ifNested }, async () => {
        await macrotask();
        expect(scoped.use()).toBe(outer);
      });
    });
  });

  test('one nested with ifNested: override has its own', () => {
    const { scoped, made } = session();
    cls.run(() => {
      const outer = scoped.use();
      cls.run({ ifNested: 'override' }, () => expect(scoped.use()).not.toBe(outer));
      expect(scoped.use()).toBe(outer);
    });
    expect(made).toHaveLength(2);
  });

  test('it is made at the base, with the store of the unit, wherever it is first used', async () => {
    const { scoped, made } = session();
    await cls.run(async () => {
      cls.set('user', 'ada');
      tenant.set('acme');
      role.bind('clerk');
      await role.run('admin', () =>
        cls.run(() => {
          cls.set('user', 'root');
          return gather([
            () => {
              tenant.set('all');
              scoped.use();
            },
          ]);
        }),
      );
    });
    expect(made).toMatchObject([{ user: 'ada', tenant: 'acme', role: 'clerk' }]);
  });

  test('a task in it has its own, and the store that the task has', async () => {
    const { scoped, made, disposed } = session();
    await cls.run(async () => {
      cls.set('user', 'ada');
      scoped.use();
      await createTask(async () => {
        cls.set('user', 'task');
        scoped.use();
        await macrotask();
      });
    });
    expect(made.map(({ user }) => user)).toEqual(['ada', 'task']);
    expect(disposed).toHaveLength(1);
  });

  // nestjs-cls tells nobody when such a context is over: docs/decisions/nestjs-cls.md.
  test('it is not disposed of: its unit has no end', async () => {
    const { scoped, disposed } = session();
    const unit = await cls.run(async () => {
      scoped.use();
      return currentUnit();
    });
    expect(unit?.ended).toBe(false);
    expect(disposed).toEqual([]);
  });
});

describe('in a unit of work', () => {
  test.each(['inherit', 'reuse', 'override'] as const)(
    'cls.run with ifNested: %s shares its instance, which has the store of the unit',
    async (ifNested) => {
      const { scoped, made } = session();
      await runUnitOfWork({ kind: 'test' }, async () => {
        cls.set('user', 'ada');
        await cls.run({ ifNested: ifNested === 'reuse' ? 'inherit' : ifNested }, async () => {
          cls.set('user', 'inner');
          scoped.use();
        });
        cls.run({ ifNested }, () => expect(scoped.use()).toBe(made[0]));
        expect(scoped.use()).toBe(made[0]);
      });
      expect(made).toMatchObject([{ user: 'ada' }]);
    },
  );

  const callers: [string, (fn: () => Promise<void>) => Promise<void>][] = [
    ['nothing of nestjs-cls', (fn) => fn()],
    [
      'another context of nestjs-cls',
      (fn) =>
        cls.run(() => {
          cls.set('user', 'of the caller');
          return fn();
        }),
    ],
  ];
  test.each(callers)(
    'a disposer has the store of the unit, where the unit is begun in %s',
    async (_, call) => {
      const { scoped, disposed } = session();
      await call(() =>
        runUnitOfWork({ kind: 'test' }, async () => {
          cls.set('user', 'ada');
          scoped.use();
        }),
      );
      expect(disposed).toEqual(['ada']);
    },
  );

  test.each(callers)(
    'it has it also where it is synchronous and the unit is begun in %s',
    async (_, call) => {
      const { scoped, disposed } = session();
      await call(async () =>
        runUnitOfWork({ kind: 'test' }, () => {
          cls.set('user', 'ada');
          scoped.use();
        }),
      );
      expect(disposed).toEqual(['ada']);
    },
  );

  test('an asynchronous factory and its late disposer have the store of the unit', async () => {
    const { promise: gate, resolve: open } = deferred<void>();
    const seen: unknown[] = [];
    const scoped = new Scoped({
      name: 'Session',
      make: async () => {
        seen.push(cls.get('user'));
        await gate;
        seen.push(cls.get('user'));
        return { [Symbol.dispose]: () => seen.push(cls.get('user')) };
      },
    });
    let loading: Promise<void> | undefined;
    runUnitOfWork({ kind: 'test' }, () => {
      cls.set('user', 'ada');
      cls.run(() => {
        cls.set('user', 'inner');
        loading = scoped.load();
      });
    });
    open();
    await expect(loading).rejects.toMatchObject({ code: 'ERR_SCOPE_ENDED' });
    expect(seen).toEqual(['ada', 'ada', 'ada']);
  });
});
