// What holds the context of a unit of work does not hold its instances once it has ended. Needs --expose-gc.

import { EventEmitter } from 'node:events';
import { Scoped } from '../../src/container/internal.js';
import {
  bindContext,
  type Context,
  copyContext,
  currentUnit,
  gather,
  runUnitOfWork,
  ScopedValue,
  type UnitOfWork,
} from '../../src/core/index.js';
import { emptyCell, openUnit, storage } from '../../src/core/internal.js';
import { macrotask } from '../core/readings.js';
import { outcomeOf, thrownBy, withCode } from '../core/support/outcome.js';
import { stillHeld } from '../support/collector.js';

// What the collector leaves for once differs from run to run: compiled code holds what it no longer needs. What is
// really kept is kept each time.
jest.retryTimes(3);

const role = new ScopedValue<string>('role');

/** What each instance holds too, as a cache of a request would. */
class Row {
  readonly bytes = new Uint8Array(1024);
}

const refs: WeakRef<object>[] = [];
function watch<T extends object>(object: T): T {
  refs.push(new WeakRef(object));
  return object;
}

const made: [string, (name: string) => Scoped][] = [
  ['is plain', (name) => new Scoped({ name, make: () => watch({ row: watch(new Row()) }) })],
  [
    'is disposed of',
    (name) => new Scoped({ name, make: () => watch({ row: watch(new Row()), [Symbol.dispose]() {} }) }),
  ],
  [
    'is asynchronously disposed of',
    (name) =>
      new Scoped({
        name,
        make: () => watch({ row: watch(new Row()), [Symbol.asyncDispose]: () => macrotask() }),
      }),
  ],
  [
    'is made by an asynchronous factory',
    (name) =>
      new Scoped({
        name,
        make: async () => {
          await macrotask();
          return watch({ row: watch(new Row()), [Symbol.asyncDispose]: () => macrotask() });
        },
      }),
  ],
];

/** How many of what is watched are still there, once the collector has had its chances. */
const alive = async (allowed = 0): Promise<number> => (await stillHeld(refs, allowed)).length;

const held: (() => void)[] = [];

beforeEach(() => {
  refs.length = 0;
});
afterEach(() => {
  for (const release of held.splice(0)) release();
});

/** Each goes on after the unit, and holds its context. */
const keepers: [string, () => void][] = [
  [
    'a timer',
    () => {
      const timer = setTimeout(() => {}, 2 ** 30);
      held.push(() => clearTimeout(timer));
    },
  ],
  [
    'an interval that tries to use it',
    () => {
      const interval = setInterval(() => void outcomeOf(() => current?.use()), 1);
      held.push(() => clearInterval(interval));
    },
  ],
  ['a pending promise', () => void new Promise<void>((resolve) => held.push(resolve)).then(() => {})],
  [
    'a pending async function',
    () =>
      void (async () => {
        await new Promise<void>((resolve) => held.push(resolve));
      })(),
  ],
  [
    'a listener that is bound',
    () => {
      const emitter = new EventEmitter().on(
        'event',
        bindContext(() => current?.peek()),
      );
      held.push(() => emitter.removeAllListeners());
    },
  ],
  ['a copy of its Context', () => keep(copyContext())],
  ['the unit itself', () => keep(currentUnit())],
  [
    'its signal',
    () => {
      const signal = currentUnit()?.signal;
      keep(signal);
    },
  ],
  ['a timer in a temporary scope', () => role.run('admin', () => keepers[0]?.[1]())],
  ['a timer in a branch of gather', () => void gather([() => keepers[0]?.[1]()])],
];

function keep(object: Context | UnitOfWork | AbortSignal | undefined): void {
  const kept = [object];
  held.push(() => kept.pop());
}

let current: Scoped | undefined;

describe.each(made)('an instance that %s', (_, scopedNamed) => {
  test.each(keepers)('is not kept after its unit by %s', async (_title, start) => {
    const scoped = scopedNamed('Kept');
    current = scoped;
    await runUnitOfWork({ kind: 'test' }, async () => {
      await scoped.load();
      scoped.use();
      start();
    });
    expect(held).toHaveLength(1);
    expect(refs).toHaveLength(2);
    expect(await alive()).toBe(0);
  });

  test('started by its constructor, a timer does not keep it', async () => {
    const scoped = new Scoped({
      name: 'Starting',
      make: () => {
        keepers[0]?.[1]();
        return watch({});
      },
    });
    await runUnitOfWork({ kind: 'test' }, async () => void scoped.use());
    expect(refs).toHaveLength(1);
    expect(await alive()).toBe(0);
  });

  test('is kept as long as its unit goes on, and no longer', async () => {
    const scoped = scopedNamed('Lasting');
    await runUnitOfWork({ kind: 'test' }, async () => {
      await scoped.load();
      expect(await alive(2)).toBe(2);
      scoped.use();
    });
    expect(await alive()).toBe(0);
  });

  test('is not kept by a unit that never ends, once nobody can reach that', async () => {
    const scoped = scopedNamed('Abandoned');
    await useInAbandonedUnit(scoped);
    expect(refs).toHaveLength(3);
    expect(await alive()).toBe(0);
  });

  test('is not kept by what is context-scoped, which is there for ever', async () => {
    const scoped = scopedNamed('Forever');
    for (let i = 0; i < 20; i++)
      await runUnitOfWork({ kind: 'test' }, async () => {
        await scoped.load();
        scoped.use();
      });
    expect(refs).toHaveLength(40);
    expect(await alive()).toBe(0);
    expect(thrownBy(() => scoped.use())).toEqual(withCode('ERR_NO_ACTIVE_CONTEXT'));
  });
});

/** A function of its own: nothing of it may stay on the stack of the test. */
async function useInAbandonedUnit(scoped: Scoped): Promise<void> {
  const unit = watch(openUnit({ kind: 'abandoned', cell: emptyCell() }));
  await storage.run(unit.base, async () => {
    await scoped.load();
    scoped.use();
  });
}

test('an instance that is made too late for its unit is not kept by work left running', async () => {
  let settle: (made: object) => void = () => {};
  const scoped = new Scoped<object>({
    name: 'Late',
    make: () => new Promise<object>((resolve) => (settle = resolve)),
  });
  let loading: Promise<unknown> | undefined;
  runUnitOfWork({ kind: 'test' }, () => {
    loading = scoped.load().catch(() => {});
    keepers[0]?.[1]();
  });
  settle(watch({ [Symbol.asyncDispose]: () => macrotask() }));
  settle = () => {};
  await loading;
  expect(await alive()).toBe(0);
});

describe('a factory that is still under way after the end of its unit', () => {
  const pending = () =>
    new Scoped<object>({
      name: 'Pending',
      make: () => new Promise((resolve) => held.push(() => resolve({}))),
    });
  const waiting: [string, () => Promise<unknown>][] = [
    ['is loaded', () => pending().load()],
    ['was used', async () => thrownBy(() => pending().use())],
    [
      'is loaded for another one',
      () => {
        const needed = pending();
        return new Scoped({ name: 'Needing', needs: () => [needed], make: () => ({}) }).load();
      },
    ],
  ];
  test.each(waiting)('and %s does not keep the other instances of the unit', async (_, wait) => {
    const scoped = new Scoped({ name: 'Kept', make: () => watch({ row: watch(new Row()) }) });
    const left: Promise<unknown>[] = [];
    await runUnitOfWork({ kind: 'test' }, async () => {
      scoped.use();
      left.push(wait().catch(() => {}));
    });
    expect(held).toHaveLength(1);
    expect(refs).toHaveLength(2);
    expect(await alive()).toBe(0);
  });
});

test('a use after the end keeps nothing in the unit', async () => {
  const scoped = new Scoped({ name: 'Cart', make: () => watch({}) });
  let unit: UnitOfWork | undefined;
  let left: Promise<unknown> | undefined;
  runUnitOfWork({ kind: 'test' }, () => {
    unit = currentUnit();
    left = macrotask().then(() => thrownBy(() => scoped.use()));
  });
  expect(await left).toEqual(withCode('ERR_SCOPE_ENDED'));
  expect((unit as { instances?: object } | undefined)?.instances).toBeUndefined();
  expect(refs).toHaveLength(0);
});
