import {
  firstValueFrom,
  from,
  lastValueFrom,
  map,
  Observable,
  of,
  range,
  Subject,
  shareReplay,
  take,
  tap,
  toArray,
} from 'rxjs';
import { gather } from '../../src/core/index.js';
import { deferred, macrotask, Readings } from './readings.js';
import { afterwards, type Form, failure, forms, see, unitWithBase } from './temporary-forms.js';

// Results that do their work only when they are consumed: the temporary value is in force for that, for
// nobody else, and no longer.

/** Starts work that goes on reading, inside whatever is in force. */
function leaveRunning(readings: Readings): void {
  setImmediate(() => {
    readings.read();
    if (!readings.stopped) leaveRunning(readings);
  });
}

let readings: Readings;

afterEach(() => {
  readings.stopped = true;
});

async function expectEnded(form: Form, outer = 'base'): Promise<void> {
  readings.over = true;
  await readings.more(3);
  readings.stopped = true;
  expect(readings.open.every((value) => value === 'temporary')).toBe(true);
  expect(new Set(readings.after)).toEqual(new Set([afterwards(form, outer)]));
}

async function expectOpen(): Promise<void> {
  await readings.more(2);
  expect(readings.open.slice(-2)).toEqual(['temporary', 'temporary']);
}

describe.each(forms)('$title', (form) => {
  beforeEach(() => {
    readings = new Readings(form);
  });

  type Step = unknown;

  describe.each([
    ['an async generator', false],
    ['a promise of an async generator', true],
  ])('%s', (_, promised) => {
    let cleanUp: unknown[];

    async function* body(): AsyncGenerator<Step, string> {
      leaveRunning(readings);
      try {
        yield see(form);
        await macrotask();
        yield see(form);
        return 'done';
      } finally {
        await null;
        cleanUp.push(see(form));
      }
    }

    const made = async (
      of: () => AsyncGenerator<Step, string> = body,
    ): Promise<AsyncGenerator<Step, string>> =>
      promised ? form.enter('temporary', async () => of()) : form.enter('temporary', of);

    beforeEach(() => {
      cleanUp = [];
    });

    it('sees the value in its body, and its consumer does not', async () => {
      await unitWithBase(async () => {
        const consumer: unknown[] = [];
        const steps: Step[] = [];
        for await (const step of await made()) {
          steps.push(step);
          consumer.push(see(form));
          await expectOpen();
          consumer.push(see(form));
        }
        expect(steps).toEqual(['temporary', 'temporary']);
        expect(cleanUp).toEqual(['temporary']);
        expect(new Set(consumer)).toEqual(new Set(['base']));
        await expectEnded(form);
      });
    });

    it('keeps it open between two steps, without showing it to siblings', async () => {
      await unitWithBase(async () => {
        const generator = await made();
        await generator.next();
        const [sibling] = await gather([() => see(form)]);
        expect(sibling).toBe('base');
        await expectOpen();
        expect(await generator.return('stopped')).toEqual({ done: true, value: 'stopped' });
        expect(cleanUp).toEqual(['temporary']);
        await expectEnded(form);
      });
    });

    it('ends it when the consumer leaves early by break', async () => {
      await unitWithBase(async () => {
        for await (const step of await made()) {
          expect(step).toBe('temporary');
          break;
        }
        expect(cleanUp).toEqual(['temporary']);
        expect(see(form)).toBe('base');
        await expectEnded(form);
      });
    });

    it('ends it when the consumer leaves early by an error', async () => {
      await unitWithBase(async () => {
        const consume = async (): Promise<void> => {
          for await (const _ of await made()) throw failure;
        };
        await expect(consume()).rejects.toBe(failure);
        expect(cleanUp).toEqual(['temporary']);
        await expectEnded(form);
      });
    });

    it('ends it by throw() that the body does not catch', async () => {
      await unitWithBase(async () => {
        const generator = await made();
        await generator.next();
        await expect(generator.throw(failure)).rejects.toBe(failure);
        expect(cleanUp).toEqual(['temporary']);
        await expectEnded(form);
      });
    });

    it('keeps it open where the body catches throw() and goes on', async () => {
      await unitWithBase(async () => {
        const generator = await made(async function* () {
          leaveRunning(readings);
          try {
            yield see(form);
          } catch {
            yield see(form);
          }
          return 'done';
        });
        await generator.next();
        expect(await generator.throw(failure)).toEqual({ done: false, value: 'temporary' });
        await expectOpen();
        expect(await generator.next()).toEqual({ done: true, value: 'done' });
        await expectEnded(form);
      });
    });

    it('ends it when the body fails', async () => {
      await unitWithBase(async () => {
        const generator = await made(async function* () {
          leaveRunning(readings);
          yield see(form);
          throw failure;
        });
        expect(await generator.next()).toEqual({ done: false, value: 'temporary' });
        await expect(generator.next()).rejects.toBe(failure);
        await expectEnded(form);
      });
    });

    it('ends it by return() before the first step, and the body never runs', async () => {
      await unitWithBase(async () => {
        const call = (): AsyncGenerator<Step, string> => {
          leaveRunning(readings);
          return body();
        };
        const generator = await made(call);
        await expectOpen();
        expect(await generator.return('stopped')).toEqual({ done: true, value: 'stopped' });
        expect(cleanUp).toEqual([]);
        await expectEnded(form);
      });
    });

    it('is closed with the unit of work where nobody consumes it to its end', async () => {
      const generator = await unitWithBase(async () => {
        const started = await made();
        await started.next();
        await expectOpen();
        return { started };
      });
      await expectEnded(form);
      // It goes on outside: it has no privilege any more.
      expect((await generator.started.next()).value).toBe(afterwards(form));
    });

    it('sees its own value in whoever calls next()', async () => {
      await unitWithBase(async () => {
        const generator = await made();
        const first = await form.enter('other', () => generator.next());
        const [second] = await gather([() => generator.next()]);
        expect([first.value, second.value]).toEqual(['temporary', 'temporary']);
        await generator.next();
        await expectEnded(form);
      });
    });

    it('takes what is passed to next()', async () => {
      await unitWithBase(async () => {
        const generator = (await made(async function* () {
          leaveRunning(readings);
          const passed: unknown = yield 'first';
          return `${passed}`;
        })) as AsyncGenerator<unknown, string, string>;
        await generator.next('ignored');
        expect(await generator.next('passed')).toEqual({ done: true, value: 'passed' });
        await expectEnded(form);
      });
    });

    // Where the runtime has it: what `await using` calls.
    const asyncDispose = (async function* () {})() as { [Symbol.asyncDispose]?: unknown };
    const disposals = typeof asyncDispose[Symbol.asyncDispose] === 'function' ? [Symbol.asyncDispose] : [];
    it.each(['return' as const, ...disposals])('ends it by %p', async (leave) => {
      await unitWithBase(async () => {
        const generator = (await made()) as AsyncGenerator & Record<typeof leave, () => Promise<unknown>>;
        await generator.next();
        await generator[leave]();
        expect(cleanUp).toEqual(['temporary']);
        await expectEnded(form);
      });
    });
  });

  it('a generator that is made under two levels sees the inner one, whichever is left', async () => {
    await unitWithBase(async () => {
      const generator = await form.enter('outer', async () =>
        form.enter('temporary', async function* () {
          leaveRunning(readings);
          yield see(form);
          yield see(form);
        }),
      );
      expect((await generator.next()).value).toBe('temporary');
      expect((await generator.next()).value).toBe('temporary');
      await generator.next();
      await expectEnded(form);
    });
  });

  describe('a synchronous generator', () => {
    let cleanUp: unknown[];

    function* body(): Generator<Step, string> {
      leaveRunning(readings);
      try {
        yield see(form);
        yield see(form);
        return 'done';
      } finally {
        cleanUp.push(see(form));
      }
    }

    beforeEach(() => {
      cleanUp = [];
    });

    it('sees the value in its body, and its consumer does not', async () => {
      await unitWithBase(async () => {
        const steps: Step[] = [];
        const consumer: unknown[] = [];
        for (const step of form.enter('temporary', body)) {
          steps.push(step);
          consumer.push(see(form));
        }
        expect(steps).toEqual(['temporary', 'temporary']);
        expect(consumer).toEqual(['base', 'base']);
        expect(cleanUp).toEqual(['temporary']);
        await expectEnded(form);
      });
    });

    const leaves: [string, (generator: Generator<Step, string>) => unknown][] = [
      [
        'break',
        (generator) => {
          for (const _ of generator) break;
        },
      ],
      ['return()', (generator) => [generator.next(), generator.return('stopped')]],
      [
        'throw()',
        (generator) => {
          generator.next();
          expect(() => generator.throw(failure)).toThrow(failure);
        },
      ],
      [
        'destructuring',
        (generator) => {
          const [first] = generator;
          expect(first).toBe('temporary');
        },
      ],
      ['spreading', (generator) => expect([...generator]).toEqual(['temporary', 'temporary'])],
    ];

    it.each(leaves)('ends it by %s', async (_, leave) => {
      await unitWithBase(async () => {
        const generator = form.enter('temporary', body);
        leave(generator);
        expect(cleanUp).toEqual(['temporary']);
        await expectEnded(form);
      });
    });

    // Where the runtime has them.
    type Helpers = Record<string, (fn?: (step: Step) => unknown) => unknown>;
    const helpers: [string, (generator: Helpers, callback: (step: Step) => unknown) => unknown][] = [
      ['map', (generator, callback) => [...(generator.map(callback) as Iterable<Step>)]],
      ['filter', (generator, callback) => [...(generator.filter(callback) as Iterable<Step>)]],
      ['forEach', (generator, callback) => generator.forEach(callback)],
      ['toArray', (generator, callback) => (generator.toArray() as Step[]).forEach(callback)],
    ];
    const present = helpers.filter(
      ([name]) => typeof (body.prototype as unknown as Helpers)[name] === 'function',
    );
    const loop: (typeof helpers)[number] = [
      'a loop',
      (generator, callback) => {
        for (const step of generator as unknown as Iterable<Step>) callback(step);
      },
    ];
    it.each([loop, ...present])(
      'runs its body inside and callbacks outside by way of %s',
      async (_, consume) => {
        await unitWithBase(async () => {
          const seen: unknown[] = [];
          consume(form.enter('temporary', body) as unknown as Helpers, (step) => seen.push(step, see(form)));
          expect(seen).toEqual(['temporary', 'base', 'temporary', 'base']);
          expect(cleanUp).toEqual(['temporary']);
          await expectEnded(form);
        });
      },
    );

    it('is an iterator of the same class as before', () => {
      unitWithBase(() => {
        const generator = form.enter('temporary', body);
        expect(generator).toBeInstanceOf(body);
        expect(Object.prototype.toString.call(generator)).toBe('[object Generator]');
        expect(generator[Symbol.iterator]()).toBe(generator);
        leaveRunning(readings);
      });
    });
  });

  describe('an async iterable that is no iterator', () => {
    const iterable = (): AsyncIterable<Step> & { self(): AsyncIterable<Step> } => ({
      async *[Symbol.asyncIterator]() {
        leaveRunning(readings);
        yield see(form);
        await macrotask();
        yield see(form);
      },
      self() {
        return this;
      },
    });

    it('is in force in each iteration on its own', async () => {
      await unitWithBase(async () => {
        const result = form.enter('temporary', iterable);
        for (let i = 0; i < 2; i++) {
          readings = new Readings(form);
          const steps: Step[] = [];
          for await (const step of result) {
            steps.push(step);
            expect(see(form)).toBe('base');
          }
          expect(steps).toEqual(['temporary', 'temporary']);
          await expectEnded(form);
        }
      });
    });

    it('one iteration that ends leaves another one open', async () => {
      await unitWithBase(async () => {
        const result = form.enter('temporary', iterable);
        const one = result[Symbol.asyncIterator]();
        const other = result[Symbol.asyncIterator]();
        await one.next();
        readings.stopped = true;
        await macrotask();
        readings = new Readings(form);
        await other.next();
        await one.return?.();
        await expectOpen();
        expect((await other.next()).value).toBe('temporary');
        await other.return?.();
        await expectEnded(form);
      });
    });

    it('stays in force by way of a method that gives the iterable itself', async () => {
      await unitWithBase(async () => {
        const result = form.enter('temporary', iterable).self();
        const steps: Step[] = [];
        for await (const step of result) steps.push(step);
        expect(steps).toEqual(['temporary', 'temporary']);
        await expectEnded(form);
      });
    });

    it('follows an iterator whose next() gives a thenable', async () => {
      await unitWithBase(async () => {
        let left = 2;
        const next = (): PromiseLike<IteratorResult<Step>> => ({
          then: (resolve, reject) => {
            if (left === 2) leaveRunning(readings);
            left -= 1;
            const value = see(form);
            return Promise.resolve(left < 0 ? { done: true, value } : { done: false, value }).then(
              resolve,
              reject,
            );
          },
        });
        const result = form.enter('temporary', () => ({
          [Symbol.asyncIterator]: () => ({ next: next as () => Promise<IteratorResult<Step>> }),
        }));
        const steps: Step[] = [];
        for await (const step of result) steps.push(step);
        expect(steps).toEqual(['temporary', 'temporary']);
        await expectEnded(form);
      });
    });
  });

  describe('an Observable', () => {
    /** Cold: each subscription reads twice, the second time later, and leaves work running. */
    const cold = (tornDown: unknown[] = []): Observable<unknown> =>
      new Observable((subscriber) => {
        leaveRunning(readings);
        subscriber.next(see(form));
        setImmediate(() => {
          subscriber.next(see(form));
          subscriber.complete();
        });
        return () => void tornDown.push(see(form));
      });

    it('sees the value when it is subscribed, and the consumer never does', async () => {
      await unitWithBase(async () => {
        const consumer: unknown[] = [];
        const tornDown: unknown[] = [];
        const values: unknown[] = [];
        const source = form.enter('temporary', () => cold(tornDown));
        await new Promise<void>((resolve) => {
          source.subscribe({
            next: (value) => {
              values.push(value);
              consumer.push(see(form));
            },
            complete: () => {
              consumer.push(see(form));
              resolve();
            },
          });
          consumer.push(see(form));
        });
        expect(values).toEqual(['temporary', 'temporary']);
        expect(new Set(consumer)).toEqual(new Set(['base']));
        expect(tornDown).toEqual(['temporary']);
        await expectEnded(form);
      });
    });

    it('gives an error to the consumer outside, and ends it', async () => {
      await unitWithBase(async () => {
        const source = form.enter(
          'temporary',
          () =>
            new Observable((subscriber) => {
              leaveRunning(readings);
              setImmediate(() => subscriber.error(failure));
            }),
        );
        const seen = await new Promise((resolve) => {
          source.subscribe({ error: (error) => resolve([error, see(form)]) });
        });
        expect(seen).toEqual([failure, 'base']);
        await expectEnded(form);
      });
    });

    it('an error that is thrown while it is subscribed ends it', async () => {
      await unitWithBase(async () => {
        const source = form.enter(
          'temporary',
          () =>
            new Observable(() => {
              leaveRunning(readings);
              throw failure;
            }),
        );
        await expect(lastValueFrom(source)).rejects.toBe(failure);
        await expectEnded(form);
      });
    });

    it('is in force in each subscription on its own, until it is unsubscribed', async () => {
      await unitWithBase(async () => {
        const tornDown: unknown[] = [];
        const runs: Readings[] = [];
        const source = form.enter(
          'temporary',
          () =>
            new Observable<never>(() => {
              const own = new Readings(form);
              runs.push(own);
              leaveRunning(own);
              return () => void tornDown.push(see(form));
            }),
        );
        const first = source.subscribe();
        const second = source.subscribe();
        await runs[1].more(2);
        first.unsubscribe();
        runs[0].over = true;
        await runs[1].more(2);
        await runs[0].more(2);
        second.unsubscribe();
        runs[1].over = true;
        await runs[1].more(2);
        for (const run of runs) {
          run.stopped = true;
          expect(new Set(run.open)).toEqual(new Set(['temporary']));
          expect(new Set(run.after)).toEqual(new Set([afterwards(form)]));
        }
        expect(tornDown).toEqual(['temporary', 'temporary']);
      });
    });

    it('is not in force before it is subscribed', async () => {
      await unitWithBase(async () => {
        form.enter('temporary', () => {
          leaveRunning(readings);
          return cold();
        });
        await expectEnded(form);
      });
    });

    it('is closed with the unit of work where it never completes', async () => {
      await unitWithBase(async () => {
        form.enter('temporary', () => new Observable(() => leaveRunning(readings))).subscribe();
        await expectOpen();
      });
      await expectEnded(form);
    });

    it('stops a synchronous source where an operator has enough', () => {
      unitWithBase(() => {
        let made = 0;
        const seen: unknown[] = [];
        const source = form.enter('temporary', () =>
          range(1, 1e6).pipe(
            tap(() => {
              made += 1;
              seen.push(see(form));
            }),
          ),
        );
        const values: unknown[] = [];
        source.pipe(take(3)).subscribe((value) => values.push(value, see(form)));
        expect(values).toEqual([1, 'base', 2, 'base', 3, 'base']);
        expect(made).toBe(3);
        expect(seen).toEqual(['temporary', 'temporary', 'temporary']);
        expect(see(form)).toBe('base');
      });
    });

    it('stops a synchronous source where firstValueFrom has enough', async () => {
      await unitWithBase(async () => {
        let made = 0;
        const source = form.enter('temporary', () => range(1, 1e6).pipe(tap(() => made++)));
        expect(await firstValueFrom(source)).toBe(1);
        expect(made).toBe(1);
      });
    });

    it('operators inside see the value, operators outside do not', async () => {
      await unitWithBase(async () => {
        const read = map((value: unknown) => [value, see(form)]);
        const inside = form.enter('temporary', () => cold().pipe(read));
        const values = await lastValueFrom(inside.pipe(read, toArray()));
        const one = [['temporary', 'temporary'], 'base'];
        expect(values).toEqual([one, one]);
        await expectEnded(form);
      });
    });

    it('reads the same by way of from() and firstValueFrom', async () => {
      await unitWithBase(async () => {
        const source = form.enter('temporary', () => cold());
        expect(source).toBeInstanceOf(Observable);
        expect(await firstValueFrom(from(source))).toBe('temporary');
        expect(see(form)).toBe('base');
        await expectEnded(form);
      });
    });

    it('does not show it to late subscribers of shareReplay', async () => {
      await unitWithBase(async () => {
        for (const shared of [
          form.enter('temporary', () => cold().pipe(shareReplay(1))),
          form.enter('temporary', () => cold()).pipe(shareReplay(1)),
        ]) {
          readings = new Readings(form);
          const consumers: unknown[] = [];
          const value = await lastValueFrom(shared.pipe(tap(() => consumers.push(see(form)))));
          const late = await lastValueFrom(shared.pipe(tap(() => consumers.push(see(form)))));
          expect([value, late]).toEqual(['temporary', 'temporary']);
          expect(new Set(consumers)).toEqual(new Set(['base']));
          await expectEnded(form);
        }
      });
    });

    it('calls the consumer outside when a hot source emits inside another temporary scope', () => {
      unitWithBase(() => {
        const subject = new Subject<number>();
        const seen: unknown[] = [];
        form.enter('temporary', () => subject).subscribe(() => seen.push(see(form)));
        form.enter('other', () => subject.next(1));
        subject.next(2);
        subject.complete();
        expect(seen).toEqual(['base', 'base']);
        readings.stopped = true;
      });
    });

    it('of a promise is in force when it is subscribed', async () => {
      await unitWithBase(async () => {
        const source = await form.enter('temporary', async () => cold());
        expect(see(form)).toBe('base');
        expect(await lastValueFrom(source.pipe(toArray()))).toEqual(['temporary', 'temporary']);
        expect(await firstValueFrom(source)).toBe('temporary');
        await expectEnded(form);
      });
    });

    it('of an Observable that completes at once is in force and over', async () => {
      await unitWithBase(async () => {
        const source = form.enter('temporary', () => of(1).pipe(tap(() => leaveRunning(readings))));
        const seen: unknown[] = [];
        source.subscribe({ next: () => seen.push(see(form)), complete: () => seen.push(see(form)) });
        expect(seen).toEqual(['base', 'base']);
        await expectEnded(form);
      });
    });
  });

  describe('a thenable', () => {
    /** Does its work in `then`, as query builders do. */
    const query = (settle: 'resolve' | 'reject' = 'resolve') => ({
      then<R, E>(resolve: (rows: unknown[]) => R, reject?: (error: Error) => E): Promise<R | E> {
        leaveRunning(readings);
        const rows = [see(form)];
        return macrotask().then(() => {
          rows.push(see(form));
          if (settle === 'resolve') return resolve(rows);
          if (reject === undefined) throw failure;
          return reject(failure);
        });
      },
    });

    const results: [string, (settle?: 'resolve' | 'reject') => unknown][] = [
      ['itself', (settle) => query(settle)],
      ['in a promise', async (settle) => query(settle)],
      ['in a resolved promise', (settle) => Promise.resolve(query(settle))],
      [
        'in another thenable',
        (settle) => ({ then: (resolve: (value: unknown) => void) => resolve(query(settle)) }),
      ],
      ['that is a function', (settle) => Object.assign(() => {}, query(settle))],
    ];

    it.each(results)('%s is followed inside, and ends it', async (_, result) => {
      await unitWithBase(async () => {
        expect(await form.enter('temporary', () => result())).toEqual(['temporary', 'temporary']);
        expect(see(form)).toBe('base');
        await expectEnded(form);
      });
    });

    it.each(results)('%s that rejects is followed inside, and ends it', async (_, result) => {
      await unitWithBase(async () => {
        await expect(form.enter('temporary', () => result('reject'))).rejects.toBe(failure);
        expect(see(form)).toBe('base');
        await expectEnded(form);
      });
    });

    it('that throws ends it', async () => {
      await unitWithBase(async () => {
        const thrower = {
          then(): never {
            leaveRunning(readings);
            throw failure;
          },
        };
        await expect(form.enter('temporary', () => thrower)).rejects.toBe(failure);
        await expectEnded(form);
      });
    });

    it('is started once, at once, like a call', async () => {
      await unitWithBase(async () => {
        let started = 0;
        const result = form.enter('temporary', () => {
          const inner = query();
          return {
            then: (resolve: (rows: unknown[]) => unknown) => {
              started += 1;
              return inner.then(resolve);
            },
          };
        });
        expect(started).toBe(1);
        await result;
        await result;
        expect(started).toBe(1);
        await expectEnded(form);
      });
    });

    it('that is also an async iterable is in force in either use', async () => {
      await unitWithBase(async () => {
        const both = form.enter('temporary', () => ({
          ...query(),
          async *[Symbol.asyncIterator]() {
            yield see(form);
          },
        }));
        for await (const row of both) expect(row).toBe('temporary');
        expect(await both).toEqual(['temporary', 'temporary']);
        expect(see(form)).toBe('base');
        await expectEnded(form);
      });
    });
  });

  it('a promise of a promise of a lazy result is in force while that is consumed', async () => {
    await unitWithBase(async () => {
      const gate = deferred<void>();
      const result = form.enter('temporary', async () => {
        await gate.promise;
        return Promise.resolve(
          (async function* () {
            leaveRunning(readings);
            yield see(form);
          })(),
        );
      });
      gate.resolve();
      for await (const step of await result) expect(step).toBe('temporary');
      await expectEnded(form);
    });
  });
});
