// What is known of tasks and background calls while they run, and how their signals reach them.

import { setImmediate } from 'node:timers/promises';
import {
  activeTasks,
  ContextVar,
  createTask,
  currentUnit,
  onTask,
  PreserveContext,
  preserveContext,
  runUnitOfWork,
  type TaskStatus,
} from '../../src/core/index.js';
import { channels } from '../../src/core/internal.js';
import { addErrorReporter } from '../../src/core/report-error.js';
import { drainTasks } from '../../src/core/tasks.js';
import { stillHeld } from '../support/collector.js';
import { FAILURE } from './support/endings.js';
import { outcomeOf } from './support/outcome.js';

const text = new ContextVar<string>('text', { default: 'default' });

/** Settles when it is told to. */
class Work {
  finish = (): void => {};
  fail = (_error: unknown): void => {};
  readonly done = new Promise<void>((resolve, reject) => {
    this.finish = resolve;
    this.fail = reject;
  });
}

/** Starts `body` in the background, with `signal`; gives when it has settled. */
type Begin = (body: () => unknown, signal?: AbortSignal) => Promise<unknown>;

const begins: readonly (readonly [form: string, begin: Begin])[] = [
  ['createTask', (body, signal) => createTask(body, { name: 'work', signal })],
  [
    'preserveContext in the background',
    async (body, signal) => preserveContext(body, { name: 'work', background: true, signal: () => signal })(),
  ],
  ['preserveContext', async (body, signal) => preserveContext(body, { signal: () => signal })()],
  [
    '@PreserveContext',
    async (body, signal) => {
      class Jobs {
        @PreserveContext({ name: 'work', background: true, signal: (_body, given: AbortSignal) => given })
        work(run: () => unknown, _given?: AbortSignal): unknown {
          return run();
        }
      }
      return new Jobs().work(body, signal);
    },
  ],
];

let previous: ReturnType<typeof addErrorReporter>;
const reported: unknown[] = [];
beforeEach(() => {
  reported.length = 0;
  previous = addErrorReporter((error, where) => reported.push([error, where]));
});
afterEach(async () => {
  previous();
  expect(await drainTasks(1000)).toEqual([]);
});

describe.each(begins)('the signal that is given to %s', (_form, begin) => {
  test("aborts the signal of the work's own unit with the same reason, in the context of the work", async () => {
    const controller = new AbortController();
    const reason = new Error('no longer wanted');
    const work = new Work();
    const seen: unknown[] = [];
    const settled = runUnitOfWork({ kind: 'caller' }, () => {
      text.set('of the work');
      return begin(() => {
        const { signal } = currentUnit() ?? {};
        signal?.addEventListener('abort', () => seen.push(signal.reason, text.get()));
        return work.done;
      }, controller.signal);
    });
    runUnitOfWork({ kind: 'other' }, () => {
      text.set('of who aborts');
      controller.abort(reason);
    });
    expect(seen).toEqual([reason, 'of the work']);
    work.finish();
    await settled;
  });

  test('does not stop the work, which goes on until it heeds it', async () => {
    const controller = new AbortController();
    const work = new Work();
    const settled = begin(() => work.done.then(() => currentUnit()?.signal.aborted), controller.signal);
    controller.abort();
    work.finish();
    expect(await settled).toBe(true);
  });

  test('and has aborted before the start has aborted the own one too, and the work begins', async () => {
    const aborted = AbortSignal.abort(FAILURE);
    const reasonOf = () => currentUnit()?.signal.reason as unknown;
    expect(await begin(reasonOf, aborted)).toBe(FAILURE);
  });

  test('is left alone by the abort of the own one at the end, and is not listened to after it', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const add = jest.spyOn(signal, 'addEventListener');
    const remove = jest.spyOn(signal, 'removeEventListener');
    let own: AbortSignal | undefined;
    await begin(() => {
      own = currentUnit()?.signal;
    }, signal);
    expect([own?.aborted, signal.aborted]).toEqual([true, false]);
    const listeners = (spy: jest.SpyInstance): unknown[] => spy.mock.calls.map(([, listener]) => listener);
    expect(listeners(remove)).toEqual(listeners(add));
    expect(listeners(add)).toHaveLength(1);
    controller.abort(FAILURE);
    expect(own?.reason).toMatchObject({ code: 'ERR_SCOPE_ENDED' });
  });

  // From the eleventh listener on Node warns of a leak.
  test('is listened to once by all that share it, and aborts each', async () => {
    const controller = new AbortController();
    const add = jest.spyOn(controller.signal, 'addEventListener');
    const work = new Work();
    const begun = () => begin(() => work.done.then(() => currentUnit()?.signal.reason), controller.signal);
    const all = Array.from({ length: 50 }, begun);
    expect(add).toHaveBeenCalledTimes(1);
    controller.abort(FAILURE);
    all.push(begun());
    work.finish();
    expect(await Promise.all(all)).toEqual(Array.from({ length: 51 }, () => FAILURE));
  });

  test.each([{}, 'aborted', null, 1])('must be a signal, not %p', async (wrong) => {
    const body = jest.fn();
    expect(await outcomeOf(() => begin(body, wrong as never))).toEqual({
      error: expect.objectContaining({
        name: 'TypeError',
        message: expect.stringMatching(/^@?\w+: expected an AbortSignal as signal, got /),
      }),
    });
    expect(body).not.toHaveBeenCalled();
    expect(activeTasks()).toEqual([]);
  });
});

test('the signal of a unit of work ends with it, and so reaches the task that is given it', async () => {
  const work = new Work();
  let reason: unknown;
  let settled: Promise<void> | undefined;
  runUnitOfWork({ kind: 'request' }, () => {
    settled = createTask(
      async () => {
        await work.done;
        reason = currentUnit()?.signal.reason;
      },
      { signal: currentUnit()?.signal },
    );
  });
  work.finish();
  await settled;
  expect(reason).toMatchObject({
    code: 'ERR_SCOPE_ENDED',
    message: expect.stringContaining("'request' has ended"),
  });
});

test('a task without a signal outlives the unit in which it was started', async () => {
  const work = new Work();
  const settled = runUnitOfWork({ kind: 'request' }, () => [
    createTask(() => work.done.then(() => currentUnit()?.signal.aborted)),
  ]);
  work.finish();
  expect(await settled[0]).toBe(false);
});

test('what gives the signal of a preserved call is asked in the context of its caller, with this and arguments', () => {
  const controller = new AbortController();
  const seen: unknown[] = [];
  class Jobs {
    @PreserveContext({
      signal(this: Jobs, order: number) {
        seen.push(this, order, currentUnit()?.kind);
        return controller.signal;
      },
    })
    run(order: number): number {
      return order;
    }
  }
  const jobs = new Jobs();
  expect(runUnitOfWork({ kind: 'caller' }, () => jobs.run(7))).toBe(7);
  expect(seen).toEqual([jobs, 7, 'caller']);
});

test('an option signal that is no function is refused where it is given', () => {
  const { signal } = new AbortController();
  expect(() => preserveContext(() => {}, { signal: signal as never })).toThrow(
    new TypeError('preserveContext: expected a function as signal, got an object of another class'),
  );
  expect(() => PreserveContext({ signal: signal as never })).toThrow(TypeError);
});

describe('activeTasks', () => {
  test('has of each task its name, units, age and state, oldest first, until its unit has ended', async () => {
    const [first, second] = [new Work(), new Work()];
    const controller = new AbortController();
    const parent = runUnitOfWork({ kind: 'request' }, () => {
      void createTask(() => first.done, { name: 'first' });
      void preserveContext(() => second.done, {
        name: 'second',
        background: true,
        signal: () => controller.signal,
      })();
      return currentUnit();
    });
    const at = activeTasks();
    expect(at).toEqual([
      { name: 'first', unit: expect.anything(), parent, ageMs: expect.any(Number), state: 'running' },
      { name: 'second', unit: expect.anything(), parent, ageMs: expect.any(Number), state: 'running' },
    ]);
    expect(at.map(({ unit }) => unit.kind)).toEqual(['task', 'preserved']);
    await setImmediate();
    controller.abort();
    const later = activeTasks();
    expect(later.map(({ state }) => state)).toEqual(['running', 'aborting']);
    for (const [i, { ageMs }] of later.entries()) expect(ageMs).toBeGreaterThan(at[i]?.ageMs ?? Infinity);
    first.finish();
    second.finish();
    await drainTasks(1000);
    expect(activeTasks()).toEqual([]);
  });

  test('says of one that has settled how, for as long as its unit is ending', async () => {
    const hook = new Work();
    const onEnd = () =>
      (currentUnit() as unknown as { on(phase: string, hook: () => unknown): void }).on(
        'end',
        () => hook.done,
      );
    const good = createTask(onEnd, { name: 'good' });
    const bad = outcomeOf(() =>
      createTask(
        () => {
          onEnd();
          throw FAILURE;
        },
        { name: 'bad' },
      ),
    );
    await setImmediate();
    expect(activeTasks()).toMatchObject([
      { name: 'good', state: 'completed' },
      { name: 'bad', state: 'failed', error: FAILURE },
    ]);
    expect('error' in (activeTasks()[0] as TaskStatus)).toBe(false);
    hook.finish();
    await good;
    expect(await bad).toEqual({ error: FAILURE });
  });
});

describe('onTask', () => {
  const listening: (() => void)[] = [];
  const listen = (listener: (task: TaskStatus) => void): void => void listening.push(onTask(listener));
  afterEach(() => {
    for (const stop of listening.splice(0)) stop();
  });

  test('tells of the start, the abort and the settling of tasks and background calls, and of their ages', async () => {
    const told: TaskStatus[] = [];
    listen((task) => told.push(task));
    const controller = new AbortController();
    const work = new Work();
    const task = createTask(() => work.done, { name: 'task', signal: controller.signal });
    void preserveContext(() => work.done, { name: 'call', background: true })();
    preserveContext(() => {}, { name: 'awaited, so not tracked' })();
    controller.abort();
    work.fail(FAILURE);
    await outcomeOf(() => task);
    await drainTasks(1000);
    expect(told.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'task running',
      'call running',
      'task aborting',
      'task failed',
      'call failed',
    ]);
    expect(told.map((task) => ('error' in task ? task.error : 'none'))).toEqual([
      'none',
      'none',
      'none',
      FAILURE,
      FAILURE,
    ]);
    const ages = told.filter(({ name }) => name === 'task').map(({ ageMs }) => ageMs);
    expect([...ages].sort((a, b) => a - b)).toEqual(ages);
  });

  test('calls the listener in the context of the task', async () => {
    const told: unknown[] = [];
    listen(({ state, unit }) => told.push([state, text.get(), currentUnit() === unit]));
    const work = new Work();
    const task = runUnitOfWork({ kind: 'request' }, () => {
      text.set('of the request');
      return [
        createTask(() => {
          text.set('of the task');
          return work.done;
        }),
      ];
    });
    runUnitOfWork({ kind: 'other' }, () => work.finish());
    await task[0];
    expect(told).toEqual([
      ['running', 'of the request', true],
      ['completed', 'of the task', true],
    ]);
  });

  test('reports what the listener throws, and the task goes on', async () => {
    listen(() => {
      throw FAILURE;
    });
    expect(await createTask(async () => 'result')).toBe('result');
    expect(reported).toEqual([
      [FAILURE, 'in a listener of onTask'],
      [FAILURE, 'in a listener of onTask'],
    ]);
  });

  test('tells nothing any more when it is stopped, and nothing is put together for nobody', async () => {
    const listener = jest.fn();
    onTask(listener)();
    const { taskStart, taskAbort, taskEnd } = channels;
    expect([taskStart, taskAbort, taskEnd].map(({ hasSubscribers }) => hasSubscribers)).toEqual([
      false,
      false,
      false,
    ]);
    await createTask(() => {});
    expect(listener).not.toHaveBeenCalled();
  });

  test('takes nothing but a function', () => {
    expect(() => onTask('listener' as never)).toThrow(
      new TypeError('onTask: expected a function, got a string'),
    );
  });
});

test('a task that has settled is held by nobody, listened to or not', async () => {
  const stop = onTask(() => {});
  const refs: WeakRef<object>[] = [];
  const controller = new AbortController();
  await (async () => {
    const work = async (): Promise<void> => {
      const big = { some: 'thing' };
      refs.push(new WeakRef(big), new WeakRef(currentUnit() as object));
      await setImmediate();
      void big.some;
    };
    await createTask(work, { signal: controller.signal });
    await preserveContext(work, { background: true, signal: () => controller.signal })();
  })();
  await stillHeld(refs);
  expect(refs.map((ref) => ref.deref())).toEqual([undefined, undefined, undefined, undefined]);
  stop();
  controller.abort();
});
