// What the tests of TC39's AsyncContext proposal assert of `Variable` and `Snapshot`, in our own words: the 19 of its
// repository and those of test262 (pull request 3874) that are about behaviour. docs/conformance.md has the list.

import { outcomeOf, thrownBy } from '../core/support/outcome.js';
import { Snapshot, Variable } from './async-context.js';

type Start = (body: () => void) => void;

const throwaway = new Variable<null>();

/** An implementation that copies on write has other paths in a mapping that a snapshot holds. */
const startingStates: readonly (readonly [state: string, start: Start])[] = [
  ['nothing is bound', (body) => body()],
  ['something is bound', (body) => throwaway.run(null, body)],
  [
    'a snapshot holds what is bound',
    (body) =>
      throwaway.run(null, () => {
        Snapshot.wrap(() => {});
        body();
      }),
  ],
];

const [a, b, c] = [new Variable<string>(), new Variable<string>(), new Variable<string>()];

const anything = new Variable<unknown>({ defaultValue: 'default' });

/** What the three variables read. */
const read = (): (string | undefined)[] => [a.get(), b.get(), c.get()];

const NOTHING = [undefined, undefined, undefined];

describe.each(startingStates)('where %s', (_state, start) => {
  const inState = (body: () => void) => () => start(body);

  describe('run and get', () => {
    test(
      'a variable that nobody has run reads undefined',
      inState(() => expect(a.get()).toBeUndefined()),
    );

    test(
      'run gives what its function gives',
      inState(() => {
        const given = { id: 1 };
        expect(a.run('other', () => given)).toBe(given);
      }),
    );

    test(
      'the function reads the value itself',
      inState(() => {
        const value = { id: 1 };
        anything.run(value, () => expect(anything.get()).toBe(value));
      }),
    );

    test(
      'a nested run hides the outer value until it is over',
      inState(() => {
        a.run('first', () => {
          expect(a.get()).toBe('first');
          a.run('second', () => expect(a.get()).toBe('second'));
          expect(a.get()).toBe('first');
        });
        expect(a.get()).toBeUndefined();
      }),
    );

    test(
      'variables are independent of each other',
      inState(() => {
        a.run('first', () => {
          expect(read()).toEqual(['first', undefined, undefined]);
          b.run('second', () => expect(read()).toEqual(['first', 'second', undefined]));
          expect(read()).toEqual(['first', undefined, undefined]);
        });
        expect(read()).toEqual(NOTHING);
      }),
    );

    test(
      'undefined is a value: it beats the default',
      inState(() => {
        expect(anything.get()).toBe('default');
        anything.run(undefined, () => expect(anything.get()).toBeUndefined());
        expect(anything.get()).toBe('default');
      }),
    );

    test(
      'run passes its further arguments on, and no this',
      inState(() => {
        const seen = a.run(
          'value',
          function (this: unknown, ...args: unknown[]) {
            return [this, a.get(), ...args];
          },
          1,
          'two',
        );
        expect(seen).toEqual([undefined, 'value', 1, 'two']);
      }),
    );

    test(
      'an error passes, and the value is gone',
      inState(() => {
        const failure = new Error('failed');
        a.run('outer', () => {
          const run = () =>
            a.run('inner', () => {
              throw failure;
            });
          expect(thrownBy(run)).toBe(failure);
          expect(a.get()).toBe('outer');
        });
        expect(a.get()).toBeUndefined();
      }),
    );

    test(
      'a snapshot that is taken inside changes nothing after run',
      inState(() => {
        let snapshot: Snapshot | undefined;
        a.run('outer', () => {
          a.run('inner', () => {
            snapshot = new Snapshot();
          });
          expect(a.get()).toBe('outer');
        });
        expect(a.get()).toBeUndefined();
        expect(snapshot?.run(() => a.get())).toBe('inner');
      }),
    );
  });

  describe('wrap', () => {
    test(
      'keeps that nothing was bound',
      inState(() => {
        const wrapped = Snapshot.wrap(() => a.get());
        a.run('value', () => expect(wrapped()).toBeUndefined());
      }),
    );

    test(
      'keeps the value',
      inState(() => {
        const wrapped = a.run('value', () => {
          const inside = Snapshot.wrap(() => a.get());
          expect([inside(), a.get()]).toEqual(['value', 'value']);
          return inside;
        });
        expect([wrapped(), a.get()]).toEqual(['value', undefined]);
      }),
    );

    const runA = (body: () => void) => a.run('second', body);
    const runB = (body: () => void) => b.run('second', body);
    const [inA, inB] = [
      ['second', undefined, undefined],
      ['first', 'second', undefined],
    ];
    test.each([
      ['the same variable', runA, inA, runA],
      ['another one, after a run of the first', runB, inB, runA],
      ['another one, after a run of that', runB, inB, runB],
    ])('run inside a wrapped function: of %s', (_which, run, inside, runBetween) =>
      start(() => {
        const [before, after] = a.run('first', () => {
          const body = () => {
            expect(read()).toEqual(['first', undefined, undefined]);
            run(() => expect(read()).toEqual(inside));
            expect(read()).toEqual(['first', undefined, undefined]);
          };
          const wrappedBefore = Snapshot.wrap(body);
          // An implementation that copies on write copies here, and not for what has been wrapped already.
          runBetween(() => {});
          return [wrappedBefore, Snapshot.wrap(body)];
        });
        before?.();
        after?.();
        expect(read()).toEqual(NOTHING);
      }),
    );

    test(
      'wrapped functions call each other across nested runs',
      inState(() => {
        const [first, second] = a.run('first', () => {
          const outer = Snapshot.wrap(() => expect(a.get()).toBe('first'));
          const inner = a.run('second', () =>
            Snapshot.wrap(() => {
              outer();
              expect(a.get()).toBe('second');
            }),
          );
          inner();
          expect(a.get()).toBe('first');
          return [outer, inner];
        });
        first?.();
        second?.();
        expect(a.get()).toBeUndefined();
      }),
    );

    test(
      'wrapped functions call each other across nested runs of different variables',
      inState(() => {
        const [first, second] = a.run('first', () => {
          const outer = Snapshot.wrap(() => expect(read()).toEqual(['first', undefined, undefined]));
          const inner = b.run('second', () =>
            Snapshot.wrap(() => {
              outer();
              expect(read()).toEqual(['first', 'second', undefined]);
            }),
          );
          inner();
          expect(read()).toEqual(['first', undefined, undefined]);
          return [outer, inner];
        });
        first?.();
        second?.();
        expect(read()).toEqual(NOTHING);
      }),
    );

    type Place = 'nowhere' | 'before b' | 'before c' | 'after c' | 'after b';
    test.each<Place>(['nowhere', 'before b', 'before c', 'after c', 'after b'])(
      'three nested runs, with one more snapshot %s',
      (place) =>
        start(() => {
          const snapshotAt = (here: Place) => void (here === place && Snapshot.wrap(() => {}));
          const wrapped = a.run('1', () => {
            snapshotAt('before b');
            const ofB = b.run('2', () => {
              snapshotAt('before c');
              const ofC = c.run('3', () => Snapshot.wrap(read));
              snapshotAt('after c');
              expect(read()).toEqual(['1', '2', undefined]);
              return ofC;
            });
            snapshotAt('after b');
            expect(read()).toEqual(['1', undefined, undefined]);
            return ofB;
          });
          expect(read()).toEqual(NOTHING);
          expect(wrapped()).toEqual(['1', '2', '3']);
          expect(read()).toEqual(NOTHING);
        }),
    );

    test(
      'wrapped functions may be called in any order, again and again',
      inState(() => {
        const first = a.run('first', () => Snapshot.wrap(() => a.get()));
        const second = a.run('second', () => Snapshot.wrap(() => a.get()));
        expect([first(), second(), first(), second()]).toEqual(['first', 'second', 'first', 'second']);
      }),
    );

    test(
      'passes this, arguments and the result',
      inState(() => {
        const wrapped = a.run('value', () =>
          Snapshot.wrap(function (this: unknown, ...args: unknown[]) {
            return [this, a.get(), ...args];
          }),
        );
        const self = { some: 'object' };
        expect(wrapped.call(self, 1, 'two')).toEqual([self, 'value', 1, 'two']);
      }),
    );
  });

  describe('a snapshot', () => {
    test(
      'hides what was bound later, other variables too, and gives it back',
      inState(() => {
        const snapshot = a.run('snapshot', () => new Snapshot());
        a.run('now', () =>
          b.run('later', () => {
            expect(snapshot.run(read)).toEqual(['snapshot', undefined, undefined]);
            expect(read()).toEqual(['now', 'later', undefined]);
          }),
        );
      }),
    );

    test(
      'gives the context back after an error, which passes',
      inState(() => {
        const failure = new Error('failed');
        const fail = (): never => {
          expect(a.get()).toBe('snapshot');
          throw failure;
        };
        const { snapshot, wrapped } = a.run('snapshot', () => ({
          snapshot: new Snapshot(),
          wrapped: Snapshot.wrap(fail),
        }));
        a.run('now', () => {
          expect(thrownBy(() => snapshot.run(fail))).toBe(failure);
          expect(a.get()).toBe('now');
          expect(thrownBy(wrapped)).toBe(failure);
          expect(a.get()).toBe('now');
        });
      }),
    );

    test(
      'passes arguments and the result, and no this',
      inState(() => {
        const seen = new Snapshot().run(
          function (this: unknown, ...args: unknown[]) {
            return [this, ...args];
          },
          1,
          'two',
        );
        expect(seen).toEqual([undefined, 1, 'two']);
      }),
    );
  });
});

describe('promises as results', () => {
  const snapshot = a.run('snapshot', () => new Snapshot());
  const wrap = <R>(fn: () => R): (() => R) => a.run('snapshot', () => Snapshot.wrap(fn));
  const ways = [
    ['run', (fn: () => Promise<unknown>) => a.run('snapshot', fn)],
    ['Snapshot.run', (fn: () => Promise<unknown>) => snapshot.run(fn)],
    ['a wrapped function', (fn: () => Promise<unknown>) => wrap(fn)()],
  ] as const;

  test.each(ways)('%s gives a promise of what an async function gives', async (_way, run) => {
    const given = { id: 1 };
    const promise = run(async () => given);
    expect(promise).toBeInstanceOf(Promise);
    expect(await promise).toBe(given);
  });

  test.each(ways)('%s: what waits for the promise goes on in its own context', async (_way, run) => {
    let resolve = (): void => {};
    const done = a.run('waiting', () =>
      run(async () => {
        expect(a.get()).toBe('snapshot');
        await new Promise<void>((given) => {
          resolve = given;
        });
        expect(a.get()).toBe('snapshot');
      }).then(() => a.get()),
    );
    expect(a.get()).toBeUndefined();
    resolve();
    expect(await done).toBe('waiting');
  });

  test.each(ways)('%s: a rejection passes', async (_way, run) => {
    const failure = new Error('failed');
    const rejected = () =>
      run(async () => {
        await null;
        throw failure;
      });
    expect(await outcomeOf(rejected)).toEqual({ error: failure });
  });

  // Departure: a call is followed to its end, so what is given is a promise that settles with it.
  test('the promise that run gives is not the one of its function', async () => {
    const own = Promise.resolve('result');
    const given = a.run('value', () => own);
    expect(given).not.toBe(own);
    expect(await given).toBe('result');
    const thenable = { then: (done: (value: string) => void) => done('result') };
    expect(a.run('value', () => thenable)).toBeInstanceOf(Promise);
  });
});

describe('constructors and arguments', () => {
  test('a variable has the name that it was given, an empty one by default', () => {
    expect([new Variable({ name: 'user' }).name, new Variable().name]).toEqual(['user', '']);
  });

  test('the default is what an unbound variable reads', () => {
    expect(new Variable({ defaultValue: 42 }).get()).toBe(42);
    expect(new Variable().get()).toBeUndefined();
  });

  test('an option whose getter throws, or whose name cannot be a string, passes the error', () => {
    const failure = new Error('failed');
    const fail = (): never => {
      throw failure;
    };
    const bad = [
      Object.defineProperty({}, 'name', { get: fail }),
      Object.defineProperty({}, 'defaultValue', { get: fail }),
      { name: { toString: fail } as unknown as string },
    ];
    for (const options of bad) expect(thrownBy(() => new Variable(options))).toBe(failure);
  });

  test('what is no function is a TypeError', () => {
    for (const wrong of [undefined, null, 1, 'text', {}, []] as never[]) {
      expect(() => a.run('value', wrong)).toThrow(TypeError);
      expect(() => new Snapshot().run(wrong)).toThrow(TypeError);
      expect(() => Snapshot.wrap(wrong)).toThrow(TypeError);
    }
  });

  test('methods refuse another object as this', () => {
    const snapshot = new Snapshot();
    for (const wrong of [undefined, null, 1, {}, snapshot] as never[]) {
      expect(() => Variable.prototype.get.call(wrong)).toThrow(TypeError);
      expect(() => Variable.prototype.run.call(wrong, 'value', () => {})).toThrow(TypeError);
      expect(() => Reflect.get(Variable.prototype, 'name', wrong)).toThrow(TypeError);
    }
    for (const wrong of [undefined, null, 1, {}, a] as never[])
      expect(() => Snapshot.prototype.run.call(wrong, () => {})).toThrow(TypeError);
  });

  // Departure: the name is the one of the function, where the proposal puts "wrapped" before it.
  test('a wrapped function has the name and the length of the function', () => {
    function handle(_request: unknown, _response: unknown): void {}
    const { name, length } = Snapshot.wrap(handle);
    expect([name, length]).toEqual(['handle', 2]);
    expect(Snapshot.wrap(handle)).not.toBe(Snapshot.wrap(handle));
  });
});
