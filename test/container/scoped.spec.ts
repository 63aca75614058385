// Each unit of work has an instance of its own, made when it is first used there.

import { Observable } from 'rxjs';
import { Scoped } from '../../src/container/internal.js';
import {
  AsUnitOfWork,
  bindContext,
  Context,
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
import { deferred, macrotask } from '../core/readings.js';

const tenant = new ContextVar<string>('tenant');
const role = new ScopedValue<string>('role');

/** An instance that knows the unit it was made for. */
class Counter {
  readonly unit = currentUnit();
  count = 0;
}

/** Something context-scoped that remembers what has been made of it, and what was disposed of. */
function remembered(name = 'Remembered') {
  const made: Remembered[] = [];
  const disposed: Remembered[] = [];
  class Remembered extends Counter {
    [Symbol.dispose](): void {
      disposed.push(this);
    }
  }
  const make = (): Remembered => {
    const one = new Remembered();
    made.push(one);
    return one;
  };
  return { made, disposed, scoped: new Scoped({ name, type: Remembered, make }) };
}

type Open = <R>(fn: () => R) => unknown;

class Methods {
  @AsUnitOfWork({ kind: 'cron' })
  tick<R>(fn: () => R): R {
    return fn();
  }

  @PreserveContext()
  preserved<R>(fn: () => R): R {
    return fn();
  }

  @WithTempContext(role.as('temporary'))
  temporary<R>(fn: () => R): R {
    return fn();
  }
}
const methods = new Methods();

/** What begins a unit of work wherever it is called. */
const openers: readonly (readonly [string, Open])[] = [
  ['runUnitOfWork', (fn) => runUnitOfWork({ kind: 'test' }, fn)],
  ['@AsUnitOfWork', (fn) => methods.tick(fn)],
  ['createTask', (fn) => createTask(fn)],
  ['createTask in a Context that is given', (fn) => createTask(fn, { context: copyContext() })],
  ['preserveContext', (fn) => preserveContext(fn)()],
  ['preserveContext in the background', (fn) => preserveContext(fn, { background: true })()],
  ['@PreserveContext', (fn) => methods.preserved(fn)],
];

/** What begins one outside any, and stays in the one that is open. */
const joiners: readonly (readonly [string, Open])[] = [
  ['new Context().run', (fn) => new Context().run(fn)],
  ['copyContext().run', (fn) => copyContext().run(fn)],
  ['gather', (fn) => gather([fn])],
  ['gather in gather', (fn) => gather([() => gather([fn])])],
  ['withTempContext', (fn) => withTempContext([role.as('temporary')], fn)],
  ['@WithTempContext', (fn) => methods.temporary(fn)],
  ['ScopedValue.run', (fn) => role.run('temporary', fn)],
  ['ContextVar.run', (fn) => tenant.run('temporary', fn)],
  [
    'gather in a temporary scope in a Context',
    (fn) => new Context().run(() => role.run('temporary', () => gather([fn]))),
  ],
];

describe.each([...openers, ...joiners])('in a unit of work that is begun by %s', (_, open) => {
  test('it is made when it is first used, once, and is the same from then on', async () => {
    const { scoped, made, disposed } = remembered();
    await open(async () => {
      const timer = new Promise((resolve) => setTimeout(() => resolve(scoped.use()), 1));
      expect(made).toEqual([]);
      const first = scoped.use();
      expect(made).toEqual([first]);
      expect(first.unit).toBe(currentUnit());
      expect(scoped.use()).toBe(first);
      await null;
      expect(scoped.use()).toBe(first);
      await macrotask();
      expect(scoped.use()).toBe(first);
      expect(await timer).toBe(first);
      expect(await Promise.all([1, 2].map(async () => scoped.use()))).toEqual([first, first]);
      expect(made).toHaveLength(1);
      expect(disposed).toEqual([]);
    });
    expect(disposed).toEqual(made);
  });

  test('one after the other and overlapping ones have an instance each', async () => {
    const { scoped, made, disposed } = remembered();
    const { promise: gate, resolve: openGate } = deferred<void>();
    const used: Counter[] = [];
    const work = () =>
      open(async () => {
        const mine = scoped.use();
        used.push(mine);
        mine.count += 1;
        await gate;
        expect(scoped.use()).toBe(mine);
        mine.count += 1;
      });
    const overlapping = [work(), work(), work()];
    expect(new Set(used).size).toBe(3);
    openGate();
    await Promise.all(overlapping);
    await work();
    expect(made.map(({ count }) => count)).toEqual([2, 2, 2, 2]);
    expect(new Set(made.map(({ unit }) => unit)).size).toBe(4);
    expect(new Set(disposed)).toEqual(new Set(made));
    expect(disposed).toHaveLength(4);
  });

  test('none is made where none is used', async () => {
    const { scoped, made, disposed } = remembered();
    await open(async () => {
      expect(scoped.peek()).toBeUndefined();
      expect(scoped.usable).toBe(true);
      await macrotask();
    });
    expect([made, disposed]).toEqual([[], []]);
  });
});

describe('inside a unit of work that has an instance', () => {
  test.each(openers)('%s has one of its own, which ends with it', async (_, open) => {
    const { scoped, made, disposed } = remembered();
    await runUnitOfWork({ kind: 'test' }, async () => {
      const outer = scoped.use();
      await open(async () => {
        expect(scoped.peek()).toBeUndefined();
        const inner = scoped.use();
        expect(inner).not.toBe(outer);
        await macrotask();
        expect(scoped.use()).toBe(inner);
      });
      expect(disposed).toEqual([made[1]]);
      expect(scoped.use()).toBe(outer);
    });
    expect(disposed).toEqual([made[1], made[0]]);
  });

  test.each(joiners)('%s shares it', async (_, join) => {
    const { scoped, made, disposed } = remembered();
    await runUnitOfWork({ kind: 'test' }, async () => {
      const outer = scoped.use();
      await join(async () => {
        expect(scoped.peek()).toBe(outer);
        expect(scoped.use()).toBe(outer);
        await macrotask();
        expect(scoped.use()).toBe(outer);
      });
      expect(disposed).toEqual([]);
    });
    expect(made).toHaveLength(1);
    expect(disposed).toEqual(made);
  });

  test.each(joiners)('first used in %s it is the one of the whole unit', async (_, join) => {
    const { scoped, made } = remembered();
    await runUnitOfWork({ kind: 'test' }, async () => {
      let inner: Counter | undefined;
      await join(async () => {
        await null;
        inner = scoped.use();
      });
      expect(inner).toBeInstanceOf(Counter);
      expect(scoped.use()).toBe(inner);
      expect(await gather([() => scoped.use(), async () => scoped.use()])).toEqual([inner, inner]);
    });
    expect(made).toHaveLength(1);
  });

  test('first used in a branch of gather it is that of the parent and of a sibling that runs meanwhile', async () => {
    const { scoped, made } = remembered();
    const { promise: used, resolve: hasUsed } = deferred<void>();
    await runUnitOfWork({ kind: 'test' }, async () => {
      const branches = gather([
        async () => {
          await macrotask();
          const one = scoped.use();
          hasUsed();
          await macrotask();
          return one;
        },
        async () => {
          await used;
          return scoped.use();
        },
      ]);
      await used;
      const parent = scoped.use();
      expect(await branches).toEqual([parent, parent]);
      expect((await branches)[0]).toBe(parent);
    });
    expect(made).toHaveLength(1);
  });
});

test('a bound function uses that of the unit where it was bound, whoever calls it', async () => {
  const { scoped, made } = remembered();
  await runUnitOfWork({ kind: 'outer' }, async () => {
    const bound = bindContext(() => scoped.use());
    await runUnitOfWork({ kind: 'inner' }, async () => {
      const inner = scoped.use();
      expect(bound()).not.toBe(inner);
      expect(bound()).toBe(made[1]);
    });
    expect(scoped.use()).toBe(made[1]);
  });
  expect(made).toHaveLength(2);
});

test('a Context whose unit has ended begins another one, with an instance of its own', async () => {
  const { scoped, made, disposed } = remembered();
  let context = new Context();
  runUnitOfWork({ kind: 'test' }, () => {
    scoped.use();
    context = copyContext();
  });
  expect(disposed).toEqual(made);
  context.run(() => {
    expect(scoped.peek()).toBeUndefined();
    expect(scoped.use()).toBe(made[1]);
  });
  expect(disposed).toEqual(made);
  expect(made).toHaveLength(2);
});

test('a unit of work that gives an async generator keeps its instance until that is consumed', async () => {
  const { scoped, made, disposed } = remembered();
  const rows = runUnitOfWork({ kind: 'test' }, async function* () {
    yield scoped.use();
    await macrotask();
    yield scoped.use();
  });
  const seen: object[] = [];
  for await (const row of rows) {
    expect(disposed).toEqual([]);
    seen.push(row);
  }
  expect(seen).toEqual([made[0], made[0]]);
  expect(made).toHaveLength(1);
  expect(disposed).toEqual(made);
});

test('each subscription to an Observable that a unit of work gives has an instance of its own', () => {
  const { scoped, made, disposed } = remembered();
  const seen: object[] = [];
  const source = runUnitOfWork(
    { kind: 'test' },
    () =>
      new Observable<Counter>((subscriber) => {
        subscriber.next(scoped.use());
        subscriber.next(scoped.use());
        subscriber.complete();
      }),
  );
  for (let i = 0; i < 2; i++) source.subscribe((one) => seen.push(one));
  expect(made).toHaveLength(2);
  expect(seen).toEqual([made[0], made[0], made[1], made[1]]);
  expect(disposed).toEqual(made);
});

describe('what is made', () => {
  test('two of one name have an instance each', () => {
    const [a, b] = [remembered('Same'), remembered('Same')];
    runUnitOfWork({ kind: 'test' }, () => {
      expect(a.scoped.use()).not.toBe(b.scoped.use());
      expect([a.made.length, b.made.length]).toEqual([1, 1]);
    });
  });

  test('what it uses in its constructor is that of the same unit', () => {
    const inner = remembered('Inner');
    const outer = new Scoped({ name: 'Outer', make: () => ({ inner: inner.scoped.use() }) });
    const both = () => runUnitOfWork({ kind: 'test' }, () => [outer.use().inner, inner.scoped.use()]);
    const [first, second] = [both(), both()];
    expect(first[0]).toBe(first[1]);
    expect(second[0]).toBe(second[1]);
    expect(first[0]).not.toBe(second[0]);
    expect(inner.made).toHaveLength(2);
  });

  test('what it uses there is not made anew where it was used before', () => {
    const inner = remembered('Inner');
    const outer = new Scoped({ name: 'Outer', make: () => ({ inner: inner.scoped.use() }) });
    runUnitOfWork({ kind: 'test' }, () => {
      const before = inner.scoped.use();
      expect(outer.use().inner).toBe(before);
    });
    expect(inner.made).toHaveLength(1);
  });

  test('many that use one another are made once each, the innermost first', () => {
    const made: string[] = [];
    const chain: Scoped<{ depth: number }>[] = [];
    for (let depth = 0; depth < 50; depth++) {
      const name = `Link ${depth}`;
      // Each uses all those before it.
      const make = () => {
        for (const before of chain.slice(0, depth)) before.use();
        made.push(name);
        return { depth };
      };
      chain.push(new Scoped({ name, make }));
    }
    runUnitOfWork({ kind: 'test' }, () => expect(chain[49]?.use()).toEqual({ depth: 49 }));
    expect(made).toEqual(chain.map(({ name }) => name));
  });

  test('one that is made in another unit by its own constructor is no cycle', () => {
    const names: string[] = [];
    const scoped: Scoped<{ name: string }> = new Scoped({
      name: 'Recursive',
      make: () => {
        const name = currentUnit()?.kind ?? '';
        if (name === 'outer') runUnitOfWork({ kind: 'inner' }, () => scoped.use());
        names.push(name);
        return { name };
      },
    });
    runUnitOfWork({ kind: 'outer' }, () => expect(scoped.use().name).toBe('outer'));
    expect(names).toEqual(['inner', 'outer']);
  });

  const objects: [string, () => object][] = [
    ['a function', () => () => 'called'],
    ['a class', () => Counter],
    ['an array', () => []],
    ['a frozen object', () => Object.freeze({})],
    ['an object without a prototype', () => Object.create(null) as object],
    ['a Proxy', () => new Proxy({}, {})],
    ['a Map', () => new Map()],
    ['an object with a then that is no function', () => ({ then: 'later' })],
  ];
  test.each(objects)('can be %s', (_, make) => {
    const scoped = new Scoped({ name: 'Object', make });
    runUnitOfWork({ kind: 'test' }, () => {
      const one = scoped.use();
      expect(scoped.use()).toBe(one);
      expect(scoped.peek()).toBe(one);
    });
  });
});

test('what is known of the instances is read from the recipe', () => {
  const make = () => new Counter();
  const plain = new Scoped({ name: 'Plain', make });
  expect([plain.name, plain.type, plain.callable]).toEqual(['Plain', undefined, false]);
  const known = new Scoped({ name: 'Known', type: Counter, callable: true, make });
  expect([known.name, known.type, known.callable]).toEqual(['Known', Counter, true]);
});

describe('looking at it without making one', () => {
  test('outside any unit of work there is none, and none could be made', () => {
    const { scoped, made } = remembered();
    expect([scoped.peek(), scoped.usable]).toEqual([undefined, false]);
    expect(made).toEqual([]);
  });

  test('in a unit of work it is there once it has been used', () => {
    const { scoped, made } = remembered();
    runUnitOfWork({ kind: 'test' }, () => {
      expect([scoped.peek(), scoped.usable]).toEqual([undefined, true]);
      const one = scoped.use();
      expect(scoped.peek()).toBe(one);
      runUnitOfWork({ kind: 'inner' }, () => expect(scoped.peek()).toBeUndefined());
    });
    expect(made).toHaveLength(1);
  });

  test('after the end of the unit there is none, and none could be made', async () => {
    const { scoped } = remembered();
    let left: Promise<unknown> | undefined;
    runUnitOfWork({ kind: 'test' }, () => {
      scoped.use();
      left = macrotask().then(() => [scoped.peek(), scoped.usable]);
    });
    expect(await left).toEqual([undefined, false]);
  });
});

test('a thousand overlapping units: none crossed, as many made as used, all disposed of', async () => {
  const UNITS = 1000;
  const { promise: gate, resolve: openGate } = deferred<void>();
  let waiting = 0;
  let crossed = 0;
  const { scoped: inner, made: innerMade, disposed: innerDisposed } = remembered('Inner');
  const madeFor: string[] = [];
  const disposedFor: string[] = [];
  class Session {
    readonly tenant = tenant.get();
    readonly role = role.get();
    readonly inner = inner.use();
    async [Symbol.asyncDispose](): Promise<void> {
      await macrotask();
      if (this.tenant !== tenant.get() || this.role !== role.get()) crossed += 1;
      disposedFor.push(this.tenant);
    }
  }
  const session = new Scoped({
    name: 'Session',
    type: Session,
    make: () => {
      const one = new Session();
      madeFor.push(one.tenant);
      return one;
    },
  });
  const look = (name: string) => {
    const one = session.use();
    one.inner.count += 1;
    if (one.tenant !== name || one.role !== `role of ${name}` || one.inner !== inner.use()) crossed += 1;
    return one;
  };
  // Every third uses none.
  const users = Array.from({ length: UNITS }, (_, n) => n).filter((n) => n % 3 !== 0);
  const work = Array.from({ length: UNITS }, (_, n) =>
    runUnitOfWork({ kind: 'test' }, async () => {
      const name = `tenant ${n}`;
      tenant.set(name);
      role.bind(`role of ${name}`);
      if (n % 2 === 0) await macrotask();
      const uses = n % 3 !== 0;
      const one = uses && role.run('elevated', () => look(name));
      if (++waiting === UNITS) openGate();
      await gate;
      const all = uses ? await gather([() => look(name), async () => look(name)]) : undefined;
      if (all?.some((other) => other !== one)) crossed += 1;
      await macrotask();
      if (uses && look(name) !== one) crossed += 1;
    }),
  );
  await Promise.all(work);
  const expected = users.map((n) => `tenant ${n}`).sort();
  expect(crossed).toBe(0);
  expect(madeFor.sort()).toEqual(expected);
  expect(disposedFor.sort()).toEqual(expected);
  expect(innerMade).toHaveLength(expected.length);
  expect(innerMade.every(({ count }) => count === 4)).toBe(true);
  expect(new Set(innerDisposed)).toEqual(new Set(innerMade));
  expect(innerDisposed).toHaveLength(expected.length);
});
