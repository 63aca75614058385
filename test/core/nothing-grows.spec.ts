import { Observable } from 'rxjs';
import {
  bindContext,
  ContextVar,
  copyContext,
  createTask,
  currentUnit,
  gather,
  PreserveContext,
  preserveContext,
  runUnitOfWork,
  ScopedValue,
  WithTempContext,
  withTempContext,
} from '../../src/core/index.js';
import { storage } from '../../src/core/storage.js';
import { share } from '../support/share.js';
import { macrotask } from './readings.js';

// What the collector leaves for once differs from run to run: compiled code holds what it no longer needs. What is
// really kept is kept each time.
jest.retryTimes(3);

// Work that goes on for ever inside its own scope keeps neither memory nor bindings to search.

const ROUNDS = share(10_000);

const first = new ContextVar<object>('first');
const second = new ContextVar<object>('second');
const actor = new ScopedValue<object>('actor');
const role = new ScopedValue<object>('role');

class Poller {
  @WithTempContext((value: object) => [first.as(value), actor.as(value)])
  temporary(_value: object, fn: () => void): void {
    fn();
  }

  @PreserveContext({ background: true })
  async preserved(fn: () => void): Promise<void> {
    fn();
  }
}

const poller = new Poller();

/** How many bindings lie over the Context where this is called. */
function depth(): number {
  let count = 0;
  for (let at = storage.getStore(); at?.slot !== undefined; at = at.outer) count += 1;
  return count;
}

async function collect(): Promise<void> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('these tests need --expose-gc');
  for (let i = 0; i < 5; i++) {
    await macrotask();
    gc();
  }
}

class Alive {
  readonly #refs: WeakRef<object>[] = [];

  add(object: object): void {
    this.#refs.push(new WeakRef(object));
  }

  get watched(): number {
    return this.#refs.length;
  }

  /** Watches where it is called: the unit of work, or the bindings that lie over its Context. */
  here(): this {
    const frame = storage.getStore();
    if (frame !== undefined) this.add(frame);
    return this;
  }

  fail(): never {
    throw new Error('expected');
  }

  count(): number {
    return this.#refs.filter((ref) => ref.deref() !== undefined).length;
  }
}

type Round = (value: object, again: () => void, round: number) => void;

const never = (): Promise<never> => new Promise(() => {});

const run: Round = (value, again) => first.run(value, () => void setImmediate(again));
const temporary: Round = (value, again) => withTempContext([first.as(value)], () => void setImmediate(again));
const scoped: Round = (value, again) => actor.run(value, () => void setImmediate(again));

const rounds: [string, Round][] = [
  ['ContextVar.run', run],
  [
    'ContextVar.run of an async function',
    (value, again) => first.run(value, async () => void setImmediate(again)),
  ],
  [
    'ContextVar.run that never settles',
    (value, again) =>
      void first.run(value, () => {
        setImmediate(again);
        return never();
      }),
  ],
  ['withTempContext', temporary],
  [
    'withTempContext of an async function',
    (value, again) =>
      void withTempContext([first.as(value)], async () => {
        await null;
        setImmediate(again);
      }),
  ],
  [
    'withTempContext of a call that has failed',
    (value, again) =>
      void withTempContext([first.as(value)], async () => {
        setImmediate(again);
        throw new Error('round');
      }).catch(() => {}),
  ],
  [
    'withTempContext of an async generator',
    async (value, again) => {
      const generator = withTempContext([first.as(value), actor.as(value)], async function* () {
        yield setImmediate(again);
      });
      for await (const _ of generator) break;
    },
  ],
  [
    'withTempContext of an Observable',
    (value, again) =>
      void withTempContext(
        [first.as(value), actor.as(value)],
        () => new Observable((subscriber) => setImmediate(again) && subscriber.complete()),
      ).subscribe(),
  ],
  [
    'withTempContext and a set',
    (value, again) =>
      withTempContext([first.as({})], () => {
        first.set(value);
        setImmediate(again);
      }),
  ],
  [
    'withTempContext of several bindings',
    (value, again) =>
      withTempContext([first.as(value), actor.as(value), second.as(value), role.as(value)], () => {
        setImmediate(again);
      }),
  ],
  ['@WithTempContext', (value, again) => poller.temporary(value, () => setImmediate(again))],
  ['ScopedValue.run', scoped],
  [
    'ScopedValue.run of an async function',
    (value, again) => void actor.run(value, async () => void setImmediate(again)),
  ],
  [
    'alternately two ContextVars by run',
    (value, again, round) => (round % 2 === 0 ? first : second).run(value, () => void setImmediate(again)),
  ],
  [
    'alternately two ContextVars by withTempContext',
    (value, again, round) =>
      withTempContext([(round % 2 === 0 ? first : second).as(value)], () => void setImmediate(again)),
  ],
  [
    'alternately all of them',
    (value, again, round) => {
      if (round % 4 === 0) run(value, again, round);
      else if (round % 4 === 1) temporary(value, again, round);
      else if (round % 4 === 2) scoped(value, again, round);
      else second.run(value, () => void role.run(value, () => setImmediate(again)));
    },
  ],
  ['createTask', (value, again) => run(value, () => void createTask(again), 0)],
  [
    'createTask of two variables',
    (value, again) =>
      first.run(value, () => second.run(value, () => void createTask(async () => void setImmediate(again)))),
  ],
  ['createTask under withTempContext', (value, again) => temporary(value, () => void createTask(again), 0)],
  ['createTask under ScopedValue.run', (value, again) => scoped(value, () => void createTask(again), 0)],
  ['preserveContext', (value, again) => run(value, preserveContext(again), 0)],
  ['@PreserveContext', (value, again) => run(value, () => void poller.preserved(again), 0)],
  [
    '@PreserveContext under ScopedValue.run',
    (value, again) => scoped(value, () => void poller.preserved(again), 0),
  ],
  [
    'gather under run',
    (value, again) => first.run(value, () => void gather([() => void setImmediate(again)])),
  ],
  ['gather under withTempContext', (value, again) => temporary(value, () => void gather([again]), 0)],
  [
    'gather in a pending withTempContext',
    (value, again) =>
      void withTempContext([first.as(value), actor.as(value)], () =>
        gather([() => void setImmediate(again)]),
      ),
  ],
  ['bindContext under run', (value, again) => first.run(value, () => void setImmediate(bindContext(again)))],
  [
    'bindContext under withTempContext',
    (value, again) => withTempContext([first.as(value)], () => void setImmediate(bindContext(again))),
  ],
  [
    'copyContext under run',
    (value, again) => first.run(value, () => void setImmediate(() => copyContext().run(again))),
  ],
  ['copyContext under ScopedValue.run', (value, again) => scoped(value, () => copyContext().run(again), 0)],
];

describe(`after ${ROUNDS} rounds`, () => {
  let held: NodeJS.Timeout | undefined;

  afterEach(() => clearTimeout(held));

  it.each(rounds)('a poller by %s is as small as at the start', async (_, round) => {
    const values = new Alive();
    const frames = new Alive();
    const units = new Alive();
    const depths: number[] = [];
    await runUnitOfWork({ kind: 'poller' }, async () => {
      const shared = currentUnit();
      await new Promise<void>((resolve) => {
        const poll = (): void => {
          const count = depths.push(depth());
          if (count % 100 === 50) {
            const frame = storage.getStore();
            const unit = currentUnit();
            if (frame !== undefined) frames.add(frame);
            if (unit !== undefined && unit !== shared) units.add(unit);
          }
          if (count === ROUNDS) {
            // All that the next round could reach is reachable from here.
            held = setTimeout(() => {}, 2 ** 30);
            resolve();
            return;
          }
          const value = {};
          if (count % 100 === 0) values.add(value);
          round(value, poll, count);
        };
        poll();
      });
      await collect();
      const alive = { values: values.count(), frames: frames.count(), units: units.count() };
      expect({ watched: [values.watched, frames.watched], ...alive }).toEqual({
        watched: [ROUNDS / 100 - 1, ROUNDS / 100],
        values: 0,
        frames: 0,
        units: 0,
      });
    });
    const atTheStart = Math.max(...depths.slice(0, 20));
    expect(atTheStart).toBeLessThanOrEqual(6);
    expect(Math.max(...depths)).toBe(atTheStart);
  });
});

describe('a unit of work that goes on', () => {
  const scopes: [string, (alive: Alive) => unknown][] = [
    ['returned', (alive) => withTempContext([first.as({}), actor.as({})], () => alive.here())],
    ['thrown', (alive) => attempted(() => actor.run({}, () => alive.here().fail()))],
    [
      'resolved',
      (alive) =>
        withTempContext([first.as({}), actor.as({})], async () => {
          await null;
          return alive.here();
        }),
    ],
    [
      'rejected',
      (alive) =>
        attempted(() =>
          actor.run({}, async () => {
            await null;
            return alive.here().fail();
          }),
        ),
    ],
    [
      'consumed a generator',
      async (alive) => {
        const generator = withTempContext([first.as({}), actor.as({})], async function* () {
          yield alive.here();
        });
        for await (const _ of generator);
      },
    ],
    [
      'left a generator',
      async (alive) => {
        const generator = withTempContext([first.as({}), actor.as({})], async function* () {
          yield alive.here();
        });
        for await (const _ of generator) break;
      },
    ],
    [
      'unsubscribed from an Observable',
      (alive) =>
        withTempContext([first.as({}), actor.as({})], () => new Observable(() => void alive.here()))
          .subscribe()
          .unsubscribe(),
    ],
    ['run a task', (alive) => createTask(() => alive.here())],
    ['run a task in a task', (alive) => createTask(() => createTask(() => alive.here()))],
    ['run a preserved call', (alive) => preserveContext(async () => alive.here())()],
    ['run a failing background call', (alive) => attempted(() => createTask(() => alive.here().fail()))],
    ['gathered', (alive) => gather([() => alive.here()])],
    ['run a unit of work', (alive) => runUnitOfWork({ kind: 'inner' }, async () => alive.here())],
    ['run in a copied context', (alive) => copyContext().run(async () => alive.here())],
  ];

  async function attempted(fn: () => unknown): Promise<void> {
    await expect((async () => fn())()).rejects.toThrow('expected');
  }

  it.each(scopes)('keeps nothing of calls that have %s', async (_, call) => {
    await runUnitOfWork({ kind: 'long' }, async () => {
      const alive = new Alive();
      for (let i = 0; i < 100; i++) await call(alive);
      await collect();
      expect(alive.watched).toBe(100);
      // What grows keeps all of them. On Node 22 one of a generator that was left was seen to stay now and then; what
      // holds it is not known.
      expect(alive.count()).toBeLessThanOrEqual(1);
      expect(currentUnit()?.ended).toBe(false);
    });
  });
});

describe('work left running', () => {
  const held: (() => void)[] = [];

  afterEach(() => {
    for (const release of held.splice(0)) release();
  });

  const keepers: [string, () => unknown][] = [
    [
      'a timer',
      () => {
        const timer = setTimeout(() => {}, 2 ** 30);
        held.push(() => clearTimeout(timer));
      },
    ],
    [
      'an interval',
      () => {
        const timer = setInterval(() => {}, 2 ** 30);
        held.push(() => clearInterval(timer));
      },
    ],
    [
      'a pending promise',
      () => {
        void new Promise<void>((resolve) => held.push(resolve)).then(() => {});
      },
    ],
    [
      'a pending async function',
      async () => {
        await new Promise<void>((resolve) => held.push(resolve));
      },
    ],
    ['a timer in a gather branch', () => gather([() => keepers[0][1]()])],
    ['a timer in a gather branch of a gather branch', () => gather([() => gather([() => keepers[0][1]()])])],
    ['a timer in a scope of another variable', () => withTempContext([second.as({})], () => keepers[0][1]())],
    ['a timer under run of another variable', () => second.run({}, () => keepers[0][1]())],
    [
      'a timer in a gather branch that sets the variable',
      () =>
        gather([
          () => {
            first.set({});
            return keepers[0][1]();
          },
        ]),
    ],
  ];

  const ends: [string, (fn: () => unknown) => unknown][] = [
    ['returned', (fn) => void fn()],
    [
      'thrown',
      (fn) => {
        fn();
        throw new Error('expected');
      },
    ],
    [
      'resolved',
      async (fn) => {
        await null;
        fn();
      },
    ],
    [
      'rejected',
      async (fn) => {
        await null;
        fn();
        throw new Error('expected');
      },
    ],
  ];

  describe.each(keepers)('%s', (_, keep) => {
    it.each(ends)('keeps no temporary value alive after its call has %s', async (_title, end) => {
      const alive = new Alive();
      const fresh = (): object => {
        const value = {};
        alive.add(value);
        return value;
      };
      const call = (enter: (fn: () => unknown) => unknown): Promise<unknown> =>
        (async () => enter(() => end(keep)))().catch((error: Error) =>
          expect(error.message).toBe('expected'),
        );
      await runUnitOfWork({ kind: 'test' }, async () => {
        await call((fn) => withTempContext([first.as(fresh()), actor.as(fresh())], fn));
        await call((fn) => actor.run(fresh(), fn));
        await call((fn) =>
          withTempContext([first.as({})], () => {
            first.set(fresh());
            return fn();
          }),
        );
        await call((fn) =>
          withTempContext([actor.as(fresh())], () => withTempContext([first.as(fresh())], fn)),
        );
        await collect();
        expect(held).toHaveLength(4);
        expect(alive.watched).toBe(6);
        expect(alive.count()).toBe(0);
      });
    });

    it('keeps none alive of a scope that was closed with its unit of work', async () => {
      const alive = new Alive();
      await runUnitOfWork({ kind: 'test' }, async () => {
        const value = {};
        alive.add(value);
        void withTempContext([first.as(value), actor.as(value)], () => {
          keep();
          return never();
        });
        await null;
      });
      await collect();
      expect(alive.watched).toBe(1);
      expect(alive.count()).toBe(0);
    });
  });
});
