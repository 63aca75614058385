import { PassThrough, Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { firstValueFrom, lastValueFrom, map, Observable, take, toArray } from 'rxjs';
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
  type UnitOfWork,
} from '../../src/core/index.js';
import { macrotask } from './readings.js';

// Results that do their work only when they are consumed do it in the context they were made in, whoever
// consumes them. Those of temporary scopes have a suite of their own.

const data = new ContextVar<string>('data', { default: 'unset' });

class Jobs {
  @PreserveContext()
  call<R>(fn: () => R): R {
    data.set('inside');
    return fn();
  }

  @AsUnitOfWork({ kind: 'job' })
  job<R>(fn: () => R): R {
    data.set('inside');
    return fn();
  }
}

const jobs = new Jobs();

interface Way {
  readonly title: string;
  /** Calls `fn` where `data` is 'inside'. */
  call<R>(fn: () => R): R | Promise<Awaited<R>>;
  /** The call is a unit of work of its own. */
  readonly ownUnit: boolean;
}

const inside = <R>(fn: () => R) => {
  data.set('inside');
  return fn();
};

const ways: Way[] = [
  { title: 'ContextVar.run', ownUnit: false, call: (fn) => data.run('inside', fn) },
  { title: 'Context.run', ownUnit: false, call: (fn) => new Context().run(() => inside(fn)) },
  { title: 'run of a copied context', ownUnit: false, call: (fn) => copyContext().run(() => inside(fn)) },
  {
    title: 'a bound function',
    ownUnit: false,
    call: (fn) => data.run('inside', () => bindContext(fn))() as ReturnType<typeof fn>,
  },
  { title: 'createTask', ownUnit: true, call: (fn) => createTask(() => inside(fn)) },
  { title: 'preserveContext', ownUnit: true, call: (fn) => preserveContext(() => inside(fn))() },
  { title: '@PreserveContext', ownUnit: true, call: (fn) => jobs.call(fn) },
  { title: 'runUnitOfWork', ownUnit: true, call: (fn) => runUnitOfWork({ kind: 'inner' }, () => inside(fn)) },
  { title: '@AsUnitOfWork', ownUnit: true, call: (fn) => jobs.job(fn) },
];

const synchronous = ways.filter(({ title }) => title !== 'createTask');

let units: (UnitOfWork | undefined)[];

beforeEach(() => {
  units = [];
});

/** Reads, and remembers the unit of work that it is in. */
function here(): string {
  units.push(currentUnit());
  return data.get();
}

function expectUnits({ ownUnit }: Way, ended: boolean): void {
  expect(units.length).toBeGreaterThan(0);
  expect(units).not.toContain(undefined);
  if (!ownUnit) for (const unit of units) expect(unit).toBe(currentUnit());
  else for (const unit of units) expect([unit === currentUnit(), unit?.ended]).toEqual([false, ended]);
}

function outside<R>(fn: () => R): R {
  return runUnitOfWork({ kind: 'outer' }, () => {
    data.set('outside');
    return fn();
  });
}

const failure = new Error('the body fails');

describe.each(ways)('$title', (way) => {
  let cleanUp: string[];

  beforeEach(() => {
    cleanUp = [];
  });

  async function* body(): AsyncGenerator<string, string, unknown> {
    try {
      const passed = yield here();
      await macrotask();
      yield `${passed} ${here()}`;
      return here();
    } finally {
      await null;
      cleanUp.push(here());
    }
  }

  describe.each([
    ['an async generator', () => body()],
    ['a promise of an async generator', async () => body()],
    ['a promise of a promise of an async generator', async () => Promise.resolve(body())],
  ])('%s', (_, make) => {
    const made = async (): Promise<AsyncGenerator<string, string, unknown>> =>
      way.call<unknown>(make) as never;

    it('runs its body in the context it was made in, whoever calls next()', async () => {
      await outside(async () => {
        const generator = await made();
        expect(await generator.next('ignored')).toEqual({ done: false, value: 'inside' });
        expect(data.get()).toBe('outside');
        const second = await data.run('other', () => generator.next('passed'));
        expect(second).toEqual({ done: false, value: 'passed inside' });
        expectUnits(way, false);
        const [last] = await gather([() => generator.next('')]);
        expect(last).toEqual({ done: true, value: 'inside' });
        expect(cleanUp).toEqual(['inside']);
        expectUnits(way, true);
        expect(await generator.next('')).toEqual({ done: true, value: undefined });
      });
    });

    it('does not show its context to the loop that consumes it', async () => {
      await outside(async () => {
        const loop: string[] = [];
        for await (const value of await made()) {
          loop.push(data.get());
          expect(value).toContain('inside');
          await macrotask();
          loop.push(data.get());
        }
        expect(loop).toEqual(['outside', 'outside', 'outside', 'outside']);
      });
    });

    it('runs its finally blocks inside when the loop is left by break', async () => {
      await outside(async () => {
        for await (const _ of await made()) break;
        expect(cleanUp).toEqual(['inside']);
        expect(data.get()).toBe('outside');
        expectUnits(way, true);
      });
    });

    it('runs its finally blocks inside when the loop is left by an error', async () => {
      await outside(async () => {
        const consume = async (): Promise<void> => {
          for await (const _ of await made()) throw failure;
        };
        await expect(consume()).rejects.toBe(failure);
        expect(cleanUp).toEqual(['inside']);
        expectUnits(way, true);
      });
    });

    it('passes throw() on to its body', async () => {
      await outside(async () => {
        const generator = await made();
        await generator.next('');
        await expect(generator.throw(failure)).rejects.toBe(failure);
        expect(cleanUp).toEqual(['inside']);
        expectUnits(way, true);
      });
    });

    it('passes return() on to its body', async () => {
      await outside(async () => {
        const generator = await made();
        await generator.next('');
        expect(await generator.return('stopped')).toEqual({ done: true, value: 'stopped' });
        expect(cleanUp).toEqual(['inside']);
        expectUnits(way, true);
      });
    });

    it('keeps what its body sets', async () => {
      const setting = async function* () {
        data.set('changed');
        yield data.get();
        yield data.get();
      };
      await outside(async () => {
        const generator = (await way.call<unknown>(setting)) as AsyncGenerator<string>;
        expect((await generator.next()).value).toBe('changed');
        expect(data.get()).toBe('outside');
        expect((await generator.next()).value).toBe('changed');
      });
    });
  });

  it('an async generator whose body fails passes its error on', async () => {
    await outside(async () => {
      const generator = (await way.call<unknown>(async function* () {
        yield here();
        throw failure;
      })) as AsyncGenerator<string>;
      await generator.next();
      await expect(generator.next()).rejects.toBe(failure);
      expectUnits(way, true);
    });
  });

  it('an async iterable that is no iterator works inside, as often as it is iterated', async () => {
    await outside(async () => {
      const iterable = (await way.call<unknown>(() => ({
        async *[Symbol.asyncIterator]() {
          yield here();
          await macrotask();
          yield here();
        },
      }))) as AsyncIterable<string>;
      for (let i = 0; i < 2; i++) {
        const values: string[] = [];
        for await (const value of iterable) values.push(value, data.get());
        expect(values).toEqual(['inside', 'outside', 'inside', 'outside']);
      }
      expectUnits(way, true);
    });
  });

  it('an Observable works inside in each subscription, and its consumer is outside', async () => {
    await outside(async () => {
      const tornDown: string[] = [];
      const source = (await way.call<unknown>(
        () =>
          new Observable<string>((subscriber) => {
            subscriber.next(here());
            const timer = setImmediate(() => {
              subscriber.next(here());
              subscriber.complete();
            });
            return () => {
              clearImmediate(timer);
              tornDown.push(data.get());
            };
          }),
      )) as Observable<string>;
      for (let i = 0; i < 2; i++) {
        const values = await lastValueFrom(
          source.pipe(
            map((value) => [value, data.get()]),
            toArray(),
          ),
        );
        expect(values).toEqual([
          ['inside', 'outside'],
          ['inside', 'outside'],
        ]);
      }
      expect(await firstValueFrom(source)).toBe('inside');
      await lastValueFrom(source.pipe(take(1)));
      source.subscribe().unsubscribe();
      expect(tornDown).toEqual(['inside', 'inside', 'inside', 'inside', 'inside']);
      expect(data.get()).toBe('outside');
      expectUnits(way, true);
    });
  });

  it('an Observable is a unit of work in each subscription, where the call is one', async () => {
    await outside(async () => {
      const source = (await way.call<unknown>(
        () =>
          new Observable<never>(() => {
            here();
          }),
      )) as Observable<never>;
      const both = [source.subscribe(), source.subscribe()];
      expect(new Set(units).size).toBe(way.ownUnit ? 2 : 1);
      both[0].unsubscribe();
      expect(units.map((unit) => unit?.ended)).toEqual(way.ownUnit ? [true, false] : [false, false]);
      both[1].unsubscribe();
      expectUnits(way, true);
    });
  });

  const thenable = (settle: 'resolve' | 'reject') => ({
    async then(resolve: (value: string) => void, reject: (error: Error) => void): Promise<void> {
      const before = here();
      await macrotask();
      if (settle === 'resolve') resolve(`${before} ${here()}`);
      else reject(failure);
    },
  });

  it.each([
    ['a thenable', () => thenable('resolve')],
    ['a promise of a thenable', async () => thenable('resolve')],
  ])('%s is followed inside', async (_, make) => {
    await outside(async () => {
      expect(await way.call<unknown>(make)).toBe('inside inside');
      expect(data.get()).toBe('outside');
      expectUnits(way, true);
    });
  });

  it.each([
    ['a thenable', () => thenable('reject')],
    ['a promise of a thenable', async () => thenable('reject')],
  ])('%s that rejects is followed inside', async (_, make) => {
    await outside(async () => {
      await expect(way.call<unknown>(make)).rejects.toBe(failure);
      expectUnits(way, true);
    });
  });

  it.each([
    ['a Node stream', () => Readable.from(['x'])],
    ['a Node Duplex', () => new PassThrough()],
    ['a web stream', () => new ReadableStream()],
  ])('%s is given as it is', async (_, make) => {
    await outside(async () => {
      const stream = make();
      expect(await way.call<unknown>(() => stream)).toBe(stream);
      expect(await way.call<unknown>(async () => stream)).toBe(stream);
    });
  });

  it.each([
    ['an array', [1]],
    ['a Map', new Map()],
    ['a Date', new Date(0)],
    ['a function', () => {}],
    ['a plain object', { next: 1 }],
  ])('%s is given as it is', async (_, result) => {
    await outside(async () => {
      expect(await way.call<unknown>(() => result)).toBe(result);
    });
  });
});

describe.each(synchronous)('$title, synchronous generators', (way) => {
  let cleanUp: string[];

  beforeEach(() => {
    cleanUp = [];
  });

  function* body(): Generator<string, string, unknown> {
    try {
      const passed = yield here();
      yield `${passed} ${here()}`;
      return here();
    } finally {
      cleanUp.push(here());
    }
  }

  const made = (): Generator<string, string, unknown> => way.call(body) as never;

  it('run their body in the context they were made in, whoever calls next()', () => {
    outside(() => {
      const generator = made();
      expect(generator.next('ignored')).toEqual({ done: false, value: 'inside' });
      expect(data.get()).toBe('outside');
      expect(data.run('other', () => generator.next('passed'))).toEqual({
        done: false,
        value: 'passed inside',
      });
      expectUnits(way, false);
      expect(generator.next('')).toEqual({ done: true, value: 'inside' });
      expect(cleanUp).toEqual(['inside']);
      expectUnits(way, true);
    });
  });

  it('run their finally blocks inside when the loop is left by break', () => {
    outside(() => {
      for (const value of made()) {
        expect([value, data.get()]).toEqual(['inside', 'outside']);
        break;
      }
      expect(cleanUp).toEqual(['inside']);
      expectUnits(way, true);
    });
  });

  it('run their finally blocks inside by return() and throw()', () => {
    outside(() => {
      const returned = made();
      returned.next('');
      expect(returned.return('stopped')).toEqual({ done: true, value: 'stopped' });
      const thrown = made();
      thrown.next('');
      expect(() => thrown.throw(failure)).toThrow(failure);
      expect(cleanUp).toEqual(['inside', 'inside']);
      expectUnits(way, true);
    });
  });

  it('that delegate to others run those inside too', () => {
    outside(() => {
      const generator = way.call(function* () {
        yield* body();
      }) as Generator<string>;
      expect([...generator]).toEqual(['inside', 'undefined inside']);
      expect(cleanUp).toEqual(['inside']);
    });
  });
});

describe('outside any unit of work', () => {
  const beginning: [string, (fn: () => unknown) => unknown][] = [
    ['ContextVar.run', (fn) => data.run('inside', fn)],
    ['Context.run', (fn) => new Context().run(() => inside(fn))],
    ['preserveContext', (fn) => preserveContext(() => inside(fn))()],
    ['createTask', (fn) => createTask(() => inside(fn))],
  ];

  it.each(beginning)(
    '%s begins a unit of work that ends when an async generator is done',
    async (_, call) => {
      const generator = (await call(async function* () {
        yield here();
        yield here();
      })) as AsyncGenerator<string>;
      expect((await generator.next()).value).toBe('inside');
      expect(units[0]?.ended).toBe(false);
      expect((await generator.next()).value).toBe('inside');
      expect((await generator.next()).done).toBe(true);
      expect(units[1]).toBe(units[0]);
      expect(units[0]?.ended).toBe(true);
      expect(currentUnit()).toBeUndefined();
    },
  );

  it.each(beginning)('%s begins a unit of work that ends when a thenable settles', async (_, call) => {
    const result = await call(() => ({
      then: (resolve: (value: string) => void) => {
        const value = here();
        setImmediate(() => {
          resolve(`${value} ${units[0]?.ended}`);
        });
      },
    }));
    expect(result).toBe('inside false');
    expect(units[0]?.ended).toBe(true);
  });
});

it('a generator that was made outside any context runs outside any, whoever calls next()', async () => {
  const read = bindContext(async function* () {
    yield [data.get(), currentUnit()];
  });
  const generator = read();
  const step = await outside(() => generator.next());
  expect(step.value).toEqual(['unset', undefined]);
});
