// An instance is made and disposed of at the base of its unit of work, wherever it is first used: it never keeps a
// privilege, or what a branch has set.

import { setImmediate as macrotask } from 'node:timers/promises';
import { inspect } from 'node:util';
import { Scoped } from '../../src/container/internal.js';
import {
  bindContext,
  Context,
  type ContextError,
  ContextVar,
  copyContext,
  createTask,
  currentUnit,
  gather,
  preserveContext,
  runUnitOfWork,
  ScopedValue,
  WithTempContext,
  withTempContext,
} from '../../src/core/index.js';
import { storage, type Unit } from '../../src/core/internal.js';
import { deferred } from '../core/readings.js';
import { thrownBy, withCode } from '../core/support/outcome.js';

const role = new ScopedValue<string>('role');
const tenant = new ContextVar<string>('tenant');

interface Seen {
  readonly role: string;
  readonly tenant: string;
}

const see = (): Seen => ({ role: role.get('none'), tenant: tenant.get('none') });

/** What is seen, or the code of why not. */
const look = (): unknown => {
  try {
    return see();
  } catch (error) {
    return (error as ContextError).code;
  }
};

const BASE: Seen = { role: 'clerk', tenant: 'acme' };
const NOTHING: Seen = { role: 'none', tenant: 'none' };

/** In a unit of work whose base is BASE. */
function inUnit<R>(fn: () => R): R {
  return runUnitOfWork({ kind: 'test' }, () => {
    role.bind(BASE.role);
    tenant.set(BASE.tenant);
    return fn();
  });
}

class Vault {
  @WithTempContext(role.as('admin'))
  open<R>(fn: () => R): R {
    return fn();
  }
}
const vault = new Vault();

type Elevate = <R>(fn: () => R) => unknown;

/** Ways to be somewhere else than at the base while one's unit stays the same. */
const elsewhere: readonly (readonly [string, Elevate])[] = [
  ['ScopedValue.run', (fn) => role.run('admin', fn)],
  ['withTempContext', (fn) => withTempContext([role.as('admin'), tenant.as('all')], fn)],
  ['@WithTempContext', (fn) => vault.open(fn)],
  ['ContextVar.run', (fn) => tenant.run('all', fn)],
  [
    'a branch of gather that has set a variable',
    (fn) =>
      gather([
        () => {
          tenant.set('all');
          return fn();
        },
      ]),
  ],
  ['a branch of gather in a temporary scope', (fn) => role.run('admin', () => gather([fn]))],
  ['a temporary scope in a branch of gather', (fn) => gather([() => role.run('admin', fn)])],
  ['scopes in one another', (fn) => role.run('admin', () => tenant.run('all', () => vault.open(fn)))],
  [
    'another Context',
    (fn) =>
      new Context().run(() => {
        role.bind('admin');
        tenant.set('all');
        return fn();
      }),
  ],
  [
    'a copy of the Context',
    (fn) =>
      copyContext().run(() => {
        tenant.set('all');
        return role.run('admin', fn);
      }),
  ],
  ['a function bound under a ContextVar.run', (fn) => tenant.run('all', () => bindContext(fn))()],
  ['the constructor of another one, first used in a scope', (fn) => role.run('admin', () => madeBy(fn))],
  [
    'a temporary scope, after an await',
    (fn) =>
      role.run('admin', async () => {
        await macrotask();
        return fn();
      }),
  ],
  [
    'an async generator in a temporary scope',
    async (fn) => {
      const rows = role.run('admin', async function* () {
        await macrotask();
        yield fn();
      });
      for await (const _ of rows);
    },
  ],
];

/** Calls `fn` in the constructor of something else that is context-scoped. */
function madeBy<R>(fn: () => R): R {
  return new Scoped({ name: 'Other', make: () => ({ result: fn() }) }).use().result;
}

/** Everything that an instance can take from around it, in its constructor and after. */
class Session {
  readonly seen = see();
  readonly bound = bindContext(see);
  readonly context = copyContext();
  readonly frame = storage.getStore();
  readonly timer = new Promise<Seen>((resolve) => setTimeout(() => resolve(see()), 1));
  readonly resumed = (async () => {
    await macrotask();
    return see();
  })();
}

describe.each(elsewhere)('first used in %s', (_, elevate) => {
  test('an instance is made with what is at the base, which is also all that it can keep', async () => {
    const session = new Scoped({ name: 'Session', type: Session, make: () => new Session() });
    await inUnit(async () => {
      await elevate(() => void session.use());
      const one = session.peek();
      expect(one).toBeInstanceOf(Session);
      const { seen, bound, context, frame, timer, resumed } = one as Session;
      expect(seen).toEqual(BASE);
      expect(bound()).toEqual(BASE);
      expect(context.run(see)).toEqual(BASE);
      expect(frame).toBe((currentUnit() as Unit).base);
      expect(await timer).toEqual(BASE);
      expect(await resumed).toEqual(BASE);
      expect(inspect(one, { depth: 3 })).not.toMatch(/admin|'all'/);
      expect(role.run('admin', () => session.use().seen)).toEqual(BASE);
    });
  });

  test('one that its constructor uses is, too', async () => {
    const inner = new Scoped({ name: 'Inner', make: see });
    const outer = new Scoped({
      name: 'Outer',
      make: () => role.run('of the constructor', () => ({ ...inner.use() })),
    });
    await inUnit(async () => {
      await elevate(() => void outer.use());
      expect([inner.use(), outer.use()]).toEqual([BASE, BASE]);
    });
  });

  test('the caller is where it was before, also where the constructor fails', async () => {
    let fails = false;
    const session = new Scoped({
      name: 'Session',
      make: () => {
        if (fails) throw new Error('no connection');
        return {};
      },
    });
    await inUnit(async () => {
      await elevate(() => {
        const before = { seen: see(), frame: storage.getStore() };
        fails = true;
        thrownBy(() => session.use());
        expect({ seen: see(), frame: storage.getStore() }).toEqual(before);
        fails = false;
        session.use();
        expect(storage.getStore()).toBe(before.frame);
      });
    });
  });

  test('an asynchronous factory is at the base throughout', async () => {
    const { promise: gate, resolve: open } = deferred<void>();
    const session = new Scoped({
      name: 'Session',
      make: async () => {
        const seen = [see()];
        await null;
        seen.push(see());
        await gate;
        seen.push(see());
        await macrotask();
        seen.push(see());
        return { seen };
      },
    });
    await inUnit(async () => {
      // Not awaited: the scope ends before the factory does.
      let loading: Promise<void> | undefined;
      await elevate(() => {
        loading = session.load();
      });
      open();
      await loading;
      expect(session.use().seen).toEqual([BASE, BASE, BASE, BASE]);
    });
  });

  test('a thenable that a factory gives does its work at the base', async () => {
    const seen: unknown[] = [];
    // As those of query builders: it begins with the call of then.
    const query = {
      then(resolve: (made: object) => void) {
        seen.push(look());
        void macrotask().then(() => {
          seen.push(look());
          resolve({});
        });
      },
    };
    const session = new Scoped<object>({ name: 'Session', make: () => query as PromiseLike<object> });
    await inUnit(async () => {
      await elevate(() => session.load());
      expect(seen).toEqual([BASE, BASE]);
    });
  });

  /** Disposed of by `how`; resolves with what its disposer has seen, at first and after an await where it may wait. */
  function watched(how: 'Symbol.dispose' | 'Symbol.asyncDispose') {
    const { promise: seen, resolve } = deferred<unknown[]>();
    const now = { [Symbol.dispose]: () => resolve([look(), look()]) };
    const later = {
      async [Symbol.asyncDispose]() {
        const first = look();
        await macrotask();
        resolve([first, look()]);
      },
    };
    return { seen, instance: how === 'Symbol.dispose' ? now : later };
  }

  describe.each(['Symbol.dispose', 'Symbol.asyncDispose'] as const)('and disposed of by %s', (how) => {
    test('that is done at the base', async () => {
      const { seen, instance } = watched(how);
      const session = new Scoped({ name: 'Session', make: () => instance });
      await inUnit(() => elevate(() => void session.use()));
      expect(await seen).toEqual([BASE, BASE]);
    });

    test('that is done at the base also where it was made too late for its unit', async () => {
      const { seen, instance } = watched(how);
      const { promise: gate, resolve: open } = deferred<object>();
      const session = new Scoped<object>({ name: 'Session', make: () => gate });
      await inUnit(() =>
        elevate(() => {
          session.load().catch(() => {});
        }),
      );
      open(instance);
      expect(await seen).toEqual([BASE, BASE]);
    });
  });

  test('what a constructor sets is set for the unit', async () => {
    const locale = new ContextVar<string>('locale');
    const session = new Scoped({
      name: 'Session',
      make: () => {
        locale.set('de');
        return {};
      },
    });
    await inUnit(async () => {
      await elevate(() => void session.use());
      expect(locale.get('none')).toBe('de');
    });
  });
});

describe('where the call that elevates is the unit of work', () => {
  const outermost: readonly (readonly [string, Elevate])[] = [
    ['ScopedValue.run', (fn) => role.run('admin', fn)],
    ['withTempContext', (fn) => withTempContext([role.as('admin'), tenant.as('all')], fn)],
    ['@WithTempContext', (fn) => vault.open(fn)],
    ['ContextVar.run', (fn) => tenant.run('all', fn)],
    ['gather of a temporary scope', (fn) => gather([() => role.run('admin', fn)])],
  ];
  test.each(outermost)('%s: the base has nothing of it', async (_, elevate) => {
    const disposed: Seen[] = [];
    const made: Seen[] = [];
    const session = new Scoped({
      name: 'Session',
      make: () => {
        made.push(see());
        return { [Symbol.dispose]: () => void disposed.push(see()) };
      },
    });
    await elevate(async () => {
      await macrotask();
      session.use();
    });
    expect([made, disposed]).toEqual([[NOTHING], [NOTHING]]);
  });

  test('a variable that it has set is at its base', () => {
    const session = new Scoped({ name: 'Session', make: see });
    new Context().run(() => {
      tenant.set('acme');
      tenant.run('all', () => expect(session.use()).toEqual({ role: 'none', tenant: 'acme' }));
    });
  });
});

describe('in a unit that was captured under a temporary binding', () => {
  const captures: readonly (readonly [string, Elevate])[] = [
    ['createTask', (fn) => createTask(fn)],
    ['preserveContext', (fn) => preserveContext(fn)()],
  ];

  test.each(captures)(
    '%s: a constructor that reads the privilege is refused, as everything there is',
    async (_, capture) => {
      const session = new Scoped({ name: 'Session', make: () => ({ role: role.get() }) });
      await inUnit(() =>
        role.run('admin', () =>
          capture(() => {
            expect(thrownBy(() => session.use())).toEqual(withCode('ERR_SCOPE_ENDED'));
            role.run('writer', () =>
              expect(thrownBy(() => session.use())).toEqual(withCode('ERR_SCOPE_ENDED')),
            );
            expect(session.peek()).toBeUndefined();
          }),
        ),
      );
    },
  );

  test.each(captures)(
    '%s: data has the value that was captured, for the disposer too',
    async (_, capture) => {
      const disposed: string[] = [];
      const session = new Scoped({
        name: 'Session',
        make: () => ({ tenant: tenant.get(), [Symbol.dispose]: () => disposed.push(tenant.get()) }),
      });
      await inUnit(() =>
        tenant.run('all', () =>
          capture(() => tenant.run('other', () => expect(session.use().tenant).toBe('all'))),
        ),
      );
      expect(disposed).toEqual(['all']);
    },
  );

  test.each(captures)('%s: a base that was not elevated travels', async (_, capture) => {
    const session = new Scoped({ name: 'Session', make: see });
    await inUnit(() => capture(() => role.run('admin', () => expect(session.use()).toEqual(BASE))));
  });
});

test('overlapping first uses at different levels find one instance without any of them', async () => {
  const session = new Scoped({ name: 'Session', type: Session, make: () => new Session() });
  await inUnit(async () => {
    const levels = ['admin', 'auditor', 'root'];
    const used = await Promise.all(
      levels.map((level) =>
        role.run(level, async () => {
          await macrotask();
          const one = session.use();
          await macrotask();
          expect(role.get()).toBe(level);
          return one;
        }),
      ),
    );
    expect(new Set(used).size).toBe(1);
    expect(used[0]?.seen).toEqual(BASE);
  });
});
