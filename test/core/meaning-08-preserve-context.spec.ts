// @PreserveContext and preserveContext.

import { setImmediate } from 'node:timers/promises';
import {
  ContextVar,
  currentUnit,
  PreserveContext,
  preserveContext,
  runUnitOfWork,
  ScopedValue,
  withTempContext,
} from '../../src/core/index.js';
import { addErrorReporter } from '../../src/core/report-error.js';
import { activeTasks, drainTasks } from '../../src/core/tasks.js';
import { coreError } from './support/core-error.js';
import { endings, FAILURE, resultOf } from './support/endings.js';
import { outcomeOf } from './support/outcome.js';
import { startingStates } from './support/starting-states.js';

const text = new ContextVar<string>('text', { default: 'default' });
const role = new ScopedValue<string>('role');

class Jobs {
  readonly name = 'jobs';

  @PreserveContext()
  run(body: () => unknown): unknown {
    return body();
  }

  @PreserveContext({ background: true })
  background(body: () => unknown): unknown {
    return body();
  }

  @PreserveContext()
  whoAmI(a: number, b: number): unknown[] {
    return [this.name, a, b];
  }

  @PreserveContext()
  static start(): string {
    return Jobs.name;
  }
}

type Call = (body: () => unknown) => unknown;

const forms: readonly (readonly [name: string, call: Call])[] = [
  ['@PreserveContext', (body) => new Jobs().run(body)],
  ['@PreserveContext({ background: true })', (body) => new Jobs().background(body)],
  ['preserveContext', (body) => preserveContext(body)()],
  ['preserveContext in the background', (body) => preserveContext(body, { background: true })()],
];

describe('errors of background calls', () => {
  const reported: [error: unknown, where: string, seen: string][] = [];
  let previous: ReturnType<typeof addErrorReporter>;
  beforeEach(() => {
    reported.length = 0;
    previous = addErrorReporter((error, where) => reported.push([error, where, text.get()]));
  });
  afterEach(() => {
    previous();
  });

  // An unhandled rejection fails the test that it happens in: nothing here awaits the calls.
  test.each(endings.filter(([how]) => how === 'throws' || how === 'rejects'))(
    'are reported in the context of the call and reject nobody, when it %s',
    async (_how, end) => {
      text.run('of the caller', () => void new Jobs().background(() => end(() => text.set('of the call'))));
      await drainTasks(1000);
      await setImmediate();
      expect(reported).toEqual([[FAILURE, "in the background call 'Jobs.background'", 'of the call']]);
    },
  );

  test('are given to a caller who awaits the call all the same', async () => {
    await expect(new Jobs().background(async () => Promise.reject(FAILURE))).rejects.toBe(FAILURE);
    expect(reported).toHaveLength(1);
  });

  test('are not reported where the call is not in the background: whoever awaits it handles them', async () => {
    expect(await outcomeOf(() => new Jobs().run(async () => Promise.reject(FAILURE)))).toEqual({
      error: FAILURE,
    });
    expect(() =>
      new Jobs().run(() => {
        throw FAILURE;
      }),
    ).toThrow(FAILURE);
    expect(reported).toEqual([]);
  });

  test('are nothing where a background call goes well', async () => {
    void new Jobs().background(async () => setImmediate());
    await drainTasks(1000);
    expect(reported).toEqual([]);
  });

  test('name a function by its name or by the option', async () => {
    const fail = async (): Promise<void> => {
      throw FAILURE;
    };
    void preserveContext(fail, { background: true })();
    void preserveContext(fail, { background: true, name: 'send receipt' })();
    await drainTasks(1000);
    expect(reported.map(([, where]) => where)).toEqual([
      "in the background call 'fail'",
      "in the background call 'send receipt'",
    ]);
  });

  test('print in the console by default', async () => {
    previous();
    const log = jest.spyOn(console, 'error').mockImplementation(() => {});
    void new Jobs().background(() => {
      throw FAILURE;
    });
    await drainTasks(1000);
    expect(log).toHaveBeenCalledTimes(1);
    expect(log.mock.calls[0]).toEqual([expect.stringContaining("'Jobs.background'"), FAILURE]);
    log.mockRestore();
  });
});

describe.each(forms)('%s', (name, call) => {
  const background = name.includes('background');
  let previous: ReturnType<typeof addErrorReporter>;
  beforeEach(() => {
    previous = addErrorReporter(() => {});
  });
  afterEach(() => {
    previous();
  });

  describe.each(startingStates)('called in %s', (state, start) => {
    test.each(endings)('gives what the call comes to, when it %s', (how, end) =>
      start(async () => {
        expect(await outcomeOf(() => call(end))).toEqual(resultOf(how));
      }),
    );

    test.each(endings)(
      'copies the context at the call and keeps what the body sets, when it %s',
      (_how, end) =>
        start(async () => {
          const active = state !== 'no context';
          if (active) text.set('at the call');
          const seen: string[] = [];
          const pending = outcomeOf(() =>
            call(() =>
              end(() => {
                seen.push(text.get());
                text.set('set inside');
                seen.push(text.get());
              }),
            ),
          );
          if (active) text.set('after the call');
          await pending;
          expect(seen).toEqual([active ? 'at the call' : 'default', 'set inside']);
          expect(text.get()).toBe(active ? 'after the call' : 'default');
        }),
    );

    test.each(endings)('is a unit of its own, which ends with the call, when it %s', (_how, end) =>
      start(async () => {
        const outer = currentUnit();
        let inner: ReturnType<typeof currentUnit>;
        await outcomeOf(() =>
          call(() =>
            end(() => {
              inner = currentUnit();
            }),
          ),
        );
        expect(inner).toBeDefined();
        expect(inner).not.toBe(outer);
        expect(inner?.ended).toBe(true);
        expect(outer?.ended ?? false).toBe(false);
      }),
    );
  });

  test('keeps the value of a ContextVar under a temporary scope when that has ended', async () => {
    let seen: Promise<unknown> | undefined;
    withTempContext([text.as('temporary')], () => {
      seen = call(async () => {
        await setImmediate();
        return text.get();
      }) as Promise<unknown>;
    });
    expect(await seen).toBe('temporary');
  });

  test('has a base ScopedValue and no temporary one', async () => {
    await runUnitOfWork({ kind: 'test' }, async () => {
      role.bind('clerk');
      expect(await call(() => role.get())).toBe('clerk');
      await role.run('admin', async () => {
        await call(() => {
          expect(() => role.get()).toThrow(coreError('ERR_SCOPE_ENDED'));
          expect(() => role.get('fallback')).toThrow(coreError('ERR_SCOPE_ENDED'));
          role.bind('own');
          expect(role.get()).toBe('own');
        });
        expect(role.get()).toBe('admin');
      });
    });
  });

  test(background ? 'is tracked until it settles' : 'is not tracked: the caller waits for it', async () => {
    let finish = (): void => {};
    const gate = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const pending = call(() => gate);
    expect(activeTasks()).toHaveLength(background ? 1 : 0);
    finish();
    await pending;
    expect(activeTasks()).toEqual([]);
  });
});

describe('the end of the process', () => {
  test('waits for background calls, for those they start too, and gives what is left after the time', async () => {
    const log: string[] = [];
    const jobs = new Jobs();
    void jobs.background(async () => {
      await setImmediate();
      void jobs.background(async () => {
        await setImmediate();
        log.push('second');
      });
      log.push('first');
    });
    expect(await drainTasks(1000)).toEqual([]);
    expect(log).toEqual(['first', 'second']);

    let finish = (): void => {};
    const stuck = jobs.background(
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    const left = await drainTasks(5);
    expect(left.map(({ name }) => name)).toEqual(['Jobs.background']);
    finish();
    await stuck;
  });
});

describe('what is decorated', () => {
  test('keeps this, arguments, name and length', () => {
    expect(new Jobs().whoAmI(1, 2)).toEqual(['jobs', 1, 2]);
    expect([Jobs.prototype.whoAmI.name, Jobs.prototype.whoAmI.length]).toEqual(['whoAmI', 2]);
    expect(Jobs.start()).toBe('Jobs');

    const named = (a: number, b: number, c: number): number => a + b + c;
    const preserved = preserveContext(named);
    expect([preserved.name, preserved.length, preserved(1, 2, 3)]).toEqual(['named', 3, 6]);
    expect(preserveContext(() => 1)()).toBe(1);
  });

  test('keeps its own properties', () => {
    const tagged = Object.assign(() => 1, { tag: 'mine' });
    expect(preserveContext(tagged).tag).toBe('mine');
  });

  test('works with private fields', () => {
    class Counter {
      #count = 0;

      @PreserveContext()
      add(): number {
        this.#count += 1;
        return this.#count;
      }
    }
    const counter = new Counter();
    expect([counter.add(), counter.add()]).toEqual([1, 2]);
  });

  test('works without reflect-metadata', () => {
    expect((Reflect as { getOwnMetadataKeys?: unknown }).getOwnMetadataKeys).toBeUndefined();
    expect(new Jobs().run(() => 'result')).toBe('result');
  });
});
