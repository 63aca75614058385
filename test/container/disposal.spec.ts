// At the end of a unit of work its instances are disposed of, the last one first, one after the other.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type Recipe, Scoped } from '../../src/container/internal.js';
import {
  Context,
  createTask,
  currentUnit,
  gather,
  type InstanceMessage,
  preserveContext,
  runUnitOfWork,
  ScopedValue,
  withTempContext,
} from '../../src/core/index.js';
import { addErrorReporter, type Unit } from '../../src/core/internal.js';
import { deferred, macrotask } from '../core/readings.js';
import { endings, resultOf } from '../core/support/endings.js';
import { codeOf, outcomeOf } from '../core/support/outcome.js';

const END = 'nestjs-contextvars:instance:end';

const role = new ScopedValue<string>('role');

let log: string[] = [];
let reported: { error: unknown; where: string }[] = [];
let ended: InstanceMessage[] = [];
let previousReporter: ReturnType<typeof addErrorReporter>;
const onEnd = (message: unknown): void => void ended.push(message as InstanceMessage);

beforeEach(() => {
  log = [];
  reported = [];
  ended = [];
  previousReporter = addErrorReporter((error, where) => void reported.push({ error, where }));
  subscribe(END, onEnd);
});
afterEach(() => {
  unsubscribe(END, onEnd);
  previousReporter();
});

const unit = (): Unit => currentUnit() as Unit;
const inUnit = <R>(fn: () => R): R => runUnitOfWork({ kind: 'test' }, fn);

function scoped<T extends object>(name: string, make: Recipe<T>['make']): Scoped<T> {
  return new Scoped<T>({ name, make });
}

/** Writes its name to the log when it is disposed of, synchronously. */
function now(name: string): Scoped {
  return scoped(name, () => ({ [Symbol.dispose]: () => void log.push(name) }));
}

/** Writes when its disposal begins and when it has settled. */
function later(name: string): Scoped {
  return scoped(name, () => ({
    async [Symbol.asyncDispose]() {
      log.push(`${name} begins`);
      await macrotask();
      await macrotask();
      log.push(`${name} ends`);
    },
  }));
}

describe.each(endings)('when a call %s', (how, end) => {
  test('its instances are disposed of in reverse order, each awaited before the next', async () => {
    const all = [now('A'), later('B'), later('C'), now('D')];
    const { promise: released, resolve: release } = deferred<void>();
    const outcome = await outcomeOf(() =>
      inUnit(() => {
        unit().onRelease(() => {
          log.push('released');
          release();
        });
        unit().on('end', async () => {
          await macrotask();
          log.push('listener');
        });
        for (const one of all) one.use();
        return end(() => log.push('body'));
      }),
    );
    expect(outcome).toEqual(resultOf(how));
    await released;
    expect(log).toEqual([
      'body',
      'listener',
      'D',
      'C begins',
      'C ends',
      'B begins',
      'B ends',
      'A',
      'released',
    ]);
    expect(ended.map(({ name }) => name)).toEqual(['D', 'C', 'B', 'A']);
  });

  test('an asynchronous caller gets the outcome after the disposal', async () => {
    const outcome = await outcomeOf(() =>
      inUnit(() => {
        later('A').use();
        return end();
      }),
    );
    expect(outcome).toEqual(resultOf(how));
    const asynchronous = how === 'resolves' || how === 'rejects';
    expect(log).toEqual(asynchronous ? ['A begins', 'A ends'] : ['A begins']);
    // Not to leave it running into the next test.
    while (log.length < 2) await macrotask();
  });

  test('instances that need not be waited for are gone when a synchronous caller goes on', async () => {
    const outcome = outcomeOf(() =>
      inUnit(() => {
        now('A').use();
        now('B').use();
        return end();
      }),
    );
    if (how === 'returns' || how === 'throws') expect(log).toEqual(['B', 'A']);
    expect(await outcome).toEqual(resultOf(how));
    expect(log).toEqual(['B', 'A']);
  });
});

describe('the order', () => {
  test('is that in which they were made, not used, first', () => {
    const [a, b] = [now('A'), now('B')];
    inUnit(() => {
      for (const one of [a, b, a, b, a]) one.use();
    });
    expect(log).toEqual(['B', 'A']);
  });

  test('puts whoever was given another one in its constructor before that one', () => {
    const inner = now('Inner');
    const middle = scoped('Middle', () => ({
      inner: inner.use(),
      [Symbol.dispose]: () => log.push('Middle'),
    }));
    const outer = scoped('Outer', () => ({
      middle: middle.use(),
      [Symbol.dispose]: () => log.push('Outer'),
    }));
    inUnit(() => void outer.use());
    expect(log).toEqual(['Outer', 'Middle', 'Inner']);
  });

  test('is that of the whole unit, whichever branch or scope they were made in', async () => {
    const [a, b, c] = [now('A'), now('B'), now('C')];
    await inUnit(async () => {
      await gather([() => a.use(), () => withTempContext([role.as('admin')], () => b.use())]);
      role.run('admin', () => c.use());
    });
    expect(log).toEqual(['C', 'B', 'A']);
  });

  test('of asynchronously made ones is that in which they were there', async () => {
    const { promise: slow, resolve: isMade } = deferred<object>();
    const first = scoped<object>('First', () => slow);
    const second = now('Second');
    await inUnit(async () => {
      const loading = first.load();
      second.use();
      isMade({ [Symbol.dispose]: () => log.push('First') });
      await loading;
    });
    expect(log).toEqual(['First', 'Second']);
  });
});

describe('how', () => {
  const ways: [string, (called: (how: string) => void) => object, string[]][] = [
    ['Symbol.dispose', (called) => ({ [Symbol.dispose]: () => called('now') }), ['now']],
    ['Symbol.asyncDispose', (called) => ({ [Symbol.asyncDispose]: async () => called('later') }), ['later']],
    [
      'Symbol.asyncDispose where there are both',
      (called) => ({
        [Symbol.dispose]: () => called('now'),
        [Symbol.asyncDispose]: async () => called('later'),
      }),
      ['later'],
    ],
    [
      'Symbol.asyncDispose that gives no promise',
      (called) => ({ [Symbol.asyncDispose]: () => called('later') }),
      ['later'],
    ],
    [
      'Symbol.dispose where Symbol.asyncDispose is null',
      (called) => ({ [Symbol.dispose]: () => called('now'), [Symbol.asyncDispose]: null }),
      ['now'],
    ],
    [
      'a method of its class',
      (called) => {
        class Base {
          [Symbol.dispose](): void {
            called('inherited');
          }
        }
        return new (class extends Base {})();
      },
      ['inherited'],
    ],
    [
      'a function’s own',
      (called) => Object.assign(() => {}, { [Symbol.dispose]: () => called('now') }),
      ['now'],
    ],
    ['nothing where there is neither', () => ({}), []],
    ['not by a method that happens to be called so', (called) => ({ dispose: () => called('by name') }), []],
    ['nothing where it is no function', () => ({ [Symbol.dispose]: 'no function' }), []],
  ];

  test.each(ways)('%s', async (_, make, calls) => {
    const seen: string[] = [];
    await inUnit(async () => void scoped('Any', () => make((how) => seen.push(how))).use());
    expect(seen).toEqual(calls);
    expect(reported).toEqual([]);
    expect(ended).toEqual([{ unit: expect.anything(), name: 'Any' }]);
  });

  test('with the instance as this, and no arguments', () => {
    const calls: [unknown, unknown[]][] = [];
    const one = scoped('Any', () => ({
      [Symbol.dispose](...args: unknown[]) {
        calls.push([this, args]);
      },
    }));
    const instance = inUnit(() => one.use());
    expect(calls).toEqual([[instance, []]]);
    expect(calls[0]?.[0]).toBe(instance);
  });

  test('a thenable that a disposer gives is awaited too', async () => {
    const thenable = {
      then: (resolve: (value: unknown) => void) => void setImmediate(() => resolve(log.push('settled'))),
    };
    const first = now('First');
    const second = scoped('Second', () => ({ [Symbol.asyncDispose]: () => thenable }));
    await inUnit(async () => {
      first.use();
      second.use();
    });
    expect(log).toEqual(['settled', 'First']);
  });

  test('once, however often its unit is asked to end', async () => {
    await inUnit(async () => {
      now('A').use();
      later('B').use();
      await Promise.all([unit().end(), unit().end()]);
    });
    expect(log).toEqual(['B begins', 'B ends', 'A']);
    expect(ended).toHaveLength(2);
  });

  test('with the unit that it was made in, not with a part or a neighbour of it', async () => {
    const one = now('one');
    await inUnit(async () => {
      one.use();
      await gather([() => one.use(), () => withTempContext([], () => one.use())]);
      await new Context().run(async () => one.use());
      expect(log).toEqual([]);
      await createTask(() => one.use());
      expect(log).toEqual(['one']);
      preserveContext(() => one.use())();
      expect(log).toEqual(['one', 'one']);
      inUnit(() => one.use());
      expect(log).toEqual(['one', 'one', 'one']);
    });
    expect(log).toEqual(['one', 'one', 'one', 'one']);
  });

  test('a task that outlives the unit that has started it keeps its own until it ends', async () => {
    const one = now('one');
    const { promise: gate, resolve: open } = deferred<void>();
    let task: Promise<unknown> | undefined;
    inUnit(() => {
      task = createTask(async () => {
        one.use();
        await gate;
        return log.slice();
      });
    });
    expect(log).toEqual([]);
    open();
    expect(await task).toEqual([]);
    expect(log).toEqual(['one']);
  });
});

describe('a disposer that fails', () => {
  const FAILURE = new Error('not closed');
  const failures: [string, () => object, unknown][] = [
    ['throws', () => ({ [Symbol.dispose]: () => thrown(FAILURE) }), FAILURE],
    ['throws where it is asynchronous', () => ({ [Symbol.asyncDispose]: () => thrown(FAILURE) }), FAILURE],
    ['rejects', () => ({ [Symbol.asyncDispose]: () => Promise.reject(FAILURE) }), FAILURE],
    [
      'rejects later',
      () => ({ [Symbol.asyncDispose]: () => macrotask().then(() => thrown(FAILURE)) }),
      FAILURE,
    ],
    ['throws undefined', () => ({ [Symbol.dispose]: () => thrown(undefined) }), undefined],
    ['rejects with a string', () => ({ [Symbol.asyncDispose]: () => Promise.reject('text') }), 'text'],
    [
      'gives a thenable that rejects',
      () => ({
        [Symbol.asyncDispose]: () => ({
          then: (_: unknown, reject: (error: unknown) => void) => reject(FAILURE),
        }),
      }),
      FAILURE,
    ],
  ];
  function thrown(error: unknown): never {
    throw error;
  }

  test.each(failures)(
    'and %s is reported, on the channel too, and keeps nothing else from its end',
    async (_, make, error) => {
      const failing = scoped('Failing', make);
      const result = await inUnit(async () => {
        unit().onRelease(() => log.push('released'));
        now('First').use();
        failing.use();
        later('Last').use();
        return 'result';
      });
      expect(result).toBe('result');
      expect(log).toEqual(['Last begins', 'Last ends', 'First', 'released']);
      expect(reported).toEqual([{ error, where: "while disposing of context-scoped 'Failing'" }]);
      expect(ended.map(({ name, ...rest }) => [name, 'error' in rest])).toEqual([
        ['Last', false],
        ['Failing', true],
        ['First', false],
      ]);
      expect(ended[1]?.error).toBe(error);
    },
  );

  test('does not turn the error of the call into its own', async () => {
    const failing = scoped('Failing', () => ({ [Symbol.dispose]: () => thrown(FAILURE) }));
    const ofTheCall = new Error('of the call');
    const outcome = await outcomeOf(() =>
      inUnit(async () => {
        failing.use();
        throw ofTheCall;
      }),
    );
    expect(outcome).toEqual({ error: ofTheCall });
    expect(reported.map(({ error }) => error)).toEqual([FAILURE]);
  });

  test('each of several is reported', async () => {
    const names = ['A', 'B', 'C'];
    await inUnit(async () => {
      for (const name of names)
        scoped(name, () => ({ [Symbol.asyncDispose]: () => Promise.reject(new Error(name)) })).use();
    });
    expect(reported.map(({ error }) => (error as Error).message)).toEqual(['C', 'B', 'A']);
  });
});

describe('while instances are disposed of', () => {
  test('a disposer uses those that were made before it', async () => {
    const audit = scoped('Audit', () => ({
      write: (line: string) => log.push(line),
      [Symbol.dispose]: () => log.push('audit closed'),
    }));
    class Carts {
      readonly audit = audit.use();
      async [Symbol.asyncDispose](): Promise<void> {
        await macrotask();
        log.push(audit.use() === this.audit ? 'the same' : 'another');
        audit.use().write('carts closed');
      }
    }
    const carts = scoped('Carts', () => new Carts());
    await inUnit(async () => void carts.use());
    expect(log).toEqual(['the same', 'carts closed', 'audit closed']);
    expect(reported).toEqual([]);
  });

  test('one that a disposer is the first to use is made, and disposed of too', async () => {
    const made: string[] = [];
    const audit = scoped('Audit', () => {
      made.push('audit');
      return { [Symbol.asyncDispose]: async () => macrotask().then(() => void log.push('audit')) };
    });
    const carts = scoped('Carts', () => ({
      [Symbol.dispose]() {
        audit.use();
        log.push('carts');
      },
    }));
    await inUnit(async () => {
      now('First').use();
      carts.use();
    });
    expect(made).toEqual(['audit']);
    expect(log).toEqual(['carts', 'First', 'audit']);
  });

  test('one that the last disposer of all is the first to use is disposed of too', async () => {
    const chain = ['C', 'B', 'A'].reduce<Scoped | undefined>(
      (next, name) =>
        scoped(name, () => ({
          [Symbol.dispose]() {
            next?.use();
            log.push(name);
          },
        })),
      undefined,
    );
    await inUnit(async () => void chain?.use());
    expect(log).toEqual(['A', 'B', 'C']);
  });

  test('a disposer uses its own instance', () => {
    let same = false;
    const one: Scoped<object> = scoped('One', () => ({
      [Symbol.dispose]() {
        same = one.use() === this;
      },
    }));
    inUnit(() => void one.use());
    expect(same).toBe(true);
  });

  test('a disposer that uses one which was disposed of before it is told so', () => {
    const audit = now('Audit');
    const carts = scoped('Carts', () => ({ [Symbol.dispose]: () => void audit.use() }));
    inUnit(() => {
      carts.use();
      audit.use();
    });
    expect(log).toEqual(['Audit']);
    expect(reported).toEqual([
      {
        error: expect.objectContaining({ code: 'ERR_SCOPE_ENDED' }),
        where: "while disposing of context-scoped 'Carts'",
      },
    ]);
  });

  test('the unit has not ended: its signal is not aborted, and work goes on', async () => {
    const seen: unknown[] = [];
    const one = scoped('One', () => ({
      async [Symbol.asyncDispose]() {
        await macrotask();
        seen.push(unit().ended, unit().signal.aborted);
      },
    }));
    await inUnit(async () => {
      void unit().signal;
      one.use();
    });
    expect(seen).toEqual([false, false]);
  });

  // The microtasks between the last disposer and the release, too.
  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])(
    'what work left running uses %d microtasks after the last disposer has settled is refused or disposed of',
    async (microtasks) => {
      const late = now('late');
      let left: Promise<string | undefined> | undefined;
      const last = scoped('Last', () => ({
        async [Symbol.asyncDispose]() {
          await macrotask();
          left = (async () => {
            for (let i = 0; i < microtasks; i++) await null;
            return codeOf(() => void late.use());
          })();
        },
      }));
      await inUnit(async () => void last.use());
      const code = await left;
      expect([code, log]).toEqual(code === undefined ? [undefined, ['late']] : ['ERR_SCOPE_ENDED', []]);
    },
  );
});

test('an object that two factories give is disposed of once', () => {
  const own = now('shared');
  const other = scoped('Other', () => own.use());
  inUnit(() => void other.use());
  expect(log).toEqual(['shared']);
});

test('what is left running does not get an instance that is being disposed of', async () => {
  let release = () => {};
  const disposing = new Promise<void>((resolve) => {
    release = resolve;
  });
  const one = scoped('One', () => ({ [Symbol.asyncDispose]: () => disposing }));
  let left: unknown;
  let late = () => {};
  const started = new Promise<void>((resolve) => {
    late = resolve;
  });
  const ended = runUnitOfWork({ kind: 'test' }, async () => {
    one.use();
    void started.then(() => {
      try {
        left = one.use();
      } catch (error) {
        left = error;
      }
      release();
    });
  });
  setImmediate(late);
  await ended;
  expect(left).toMatchObject({ code: 'ERR_SCOPE_ENDED' });
});
