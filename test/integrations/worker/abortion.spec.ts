import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { type Worker } from 'node:worker_threads';
import { createTask, currentUnit, runUnitOfWork } from '../../../src/core/index.js';
import { runInWorker, type WorkerPool } from '../../../src/integrations/worker/index.js';
import { file, poolOf, spinning } from './support/pools.js';

const reason = new Error('enough');

function firstThread(pool: { readonly threads: Worker[] }): Worker {
  return pool.threads[0]!;
}

describe('a signal', () => {
  test('rejects the call with its reason and ends the thread that works on it; the next call works', async () => {
    const pool = poolOf({ maxThreads: 1 });
    const { signal, abort } = controllerOf();
    const { call } = await spinning((started) => runInWorker(pool, started, { name: 'spin', signal }));
    const exited = once(firstThread(pool), 'exit');
    abort(reason);
    await expect(call).rejects.toBe(reason);
    await exited;
    await expect(runInWorker(pool, 'next')).resolves.toMatchObject({ payload: 'next' });
  });

  test('takes a call that waits out of the queue, and touches no thread', async () => {
    const pool = poolOf({ maxThreads: 1 });
    const thread = await runInWorker(pool, 0, { name: 'thread' });
    const { signal, abort } = controllerOf();
    const busy = runInWorker(pool, 20, { name: 'sleeping' });
    const waiting = runInWorker(pool, 1, { name: 'exit', signal });
    waiting.catch(() => {});
    expect(pool.queueSize).toBe(1);
    abort(reason);
    expect(pool.queueSize).toBe(0);
    await expect(waiting).rejects.toBe(reason);
    await expect(busy).resolves.toBe(thread);
    await expect(runInWorker(pool, 0, { name: 'thread' })).resolves.toBe(thread);
  });

  test('that has aborted already keeps the call from being made', async () => {
    const run = jest.fn();
    const call = runInWorker({ run } as WorkerPool, 1, { signal: AbortSignal.abort(reason) });
    await expect(call).rejects.toBe(reason);
    expect(run).not.toHaveBeenCalled();
  });

  test('that aborts after the call has settled does nothing to the thread', async () => {
    const pool = poolOf({ maxThreads: 1 });
    const { signal, abort } = controllerOf();
    const thread = await runInWorker(pool, 0, { name: 'thread', signal });
    abort(reason);
    await expect(runInWorker(pool, 0, { name: 'thread' })).resolves.toBe(thread);
  });

  test('lets the calls behind an aborted one go on, also where there is no thread left', async () => {
    const pool = poolOf({ minThreads: 0, maxThreads: 1, idleTimeout: 60_000 });
    const { signal, abort } = controllerOf();
    const { call } = await spinning((started) => runInWorker(pool, started, { name: 'spin', signal }));
    const behind = [1, 2].map((payload) => runInWorker(pool, payload));
    abort(reason);
    await expect(call).rejects.toBe(reason);
    await expect(Promise.all(behind)).resolves.toMatchObject([{ payload: 1 }, { payload: 2 }]);
  });

  test('leaves a thread alone that has not begun the call, and keeps it from beginning', async () => {
    const pool = poolOf({ maxThreads: 1, concurrentTasksPerWorker: 1 });
    const thread = await runInWorker(pool, 0, { name: 'thread' });
    const { signal, abort } = controllerOf();
    const filename = file('slow-to-load.mjs');
    const started = new Int32Array(new SharedArrayBuffer(8));
    const call = runInWorker(pool, started, { filename, signal });
    call.catch(() => {});
    // its thread has the call, and is loading the file
    expect(pool.queueSize).toBe(0);
    abort(reason);
    await expect(call).rejects.toBe(reason);
    await expect(runInWorker(pool, 0, { name: 'thread' })).resolves.toBe(thread);
    await expect(runInWorker(pool, started, { filename })).resolves.toEqual(1);
  });

  test('may cross with the answer: the process goes on, and so does the pool', async () => {
    const pool = poolOf({ maxThreads: 1 });
    await runInWorker(pool, 'ready');
    const { signal, abort } = controllerOf();
    const started = new Int32Array(new SharedArrayBuffer(4));
    const call = runInWorker(pool, started, { name: 'announce', signal });
    call.catch(() => {});
    // Blocks, so that the answer is there when the call is aborted, and has not been looked at.
    while (Atomics.load(started, 0) === 0);
    Atomics.wait(started, 0, 1, 50);
    abort(reason);
    await expect(call).rejects.toBe(reason);
    await expect(runInWorker(pool, 'next')).resolves.toMatchObject({ payload: 'next' });
  });

  test('leaves nothing of the context that aborts it in a thread that takes the place', async () => {
    const pool = poolOf({ maxThreads: 1 });
    const { signal, abort } = controllerOf();
    const { call } = await spinning((started) => runInWorker(pool, started, { name: 'spin', signal }));
    runUnitOfWork({ kind: 'aborter' }, () => abort(reason));
    await expect(call).rejects.toBe(reason);
    await runInWorker(pool, 'next');
    const exited = new Promise((resolve) => {
      // a listener of a Worker runs in the context that the Worker was made in
      firstThread(pool).once('exit', () => resolve(currentUnit()?.kind));
    });
    await firstThread(pool).terminate();
    await expect(exited).resolves.toBeUndefined();
  });
});

describe('without a signal, the end of the unit of work', () => {
  test('rejects the call with ERR_SCOPE_ENDED and ends its thread', async () => {
    const pool = poolOf({ maxThreads: 1 });
    const thread = firstThread(pool);
    const exited = once(thread, 'exit');
    const { call } = await runUnitOfWork({ kind: 'test' }, () =>
      spinning((started) => runInWorker(pool, started, { name: 'spin' })),
    );
    await expect(call).rejects.toMatchObject({ code: 'ERR_SCOPE_ENDED' });
    await exited;
    await expect(runInWorker(pool, 'next')).resolves.toMatchObject({ payload: 'next' });
  });

  test('keeps a call of what it has left running from being made', async () => {
    const run = jest.fn();
    const late = await runUnitOfWork({ kind: 'test' }, () => ({
      call: new Promise(setImmediate).then(() => runInWorker({ run } as WorkerPool, 1)),
    }));
    await expect(late.call).rejects.toMatchObject({ code: 'ERR_SCOPE_ENDED' });
    expect(run).not.toHaveBeenCalled();
  });

  test('does not concern a call with a signal of its own, with null, or in a task', async () => {
    const pool = poolOf();
    const { signal } = controllerOf();
    const { calls } = runUnitOfWork({ kind: 'test' }, () => ({
      calls: [
        runInWorker(pool, 1, { signal }),
        runInWorker(pool, 2, { signal: null }),
        createTask(() => runInWorker(pool, 3)),
      ],
    }));
    await expect(Promise.all(calls)).resolves.toMatchObject([{ payload: 1 }, { payload: 2 }, { payload: 3 }]);
  });

  test('does not end a thread in which other calls are at work too', async () => {
    const pool = poolOf({ maxThreads: 1, concurrentTasksPerWorker: 4 });
    const thread = await runInWorker(pool, 0, { name: 'thread' });
    const others = [1, 2].map(() => runInWorker(pool, 30, { name: 'sleeping' }));
    const { call } = runUnitOfWork({ kind: 'test' }, () => ({
      call: runInWorker(pool, 30, { name: 'sleeping' }),
    }));
    await expect(call).rejects.toMatchObject({ code: 'ERR_SCOPE_ENDED' });
    await expect(Promise.all(others)).resolves.toEqual([thread, thread]);
  });
});

test('calls in units of work share a thread as other calls do, where the pool says so', async () => {
  const pool = poolOf({ maxThreads: 1, concurrentTasksPerWorker: 3 });
  const run = jest.spyOn(pool, 'run');
  await runUnitOfWork({ kind: 'test' }, () => runInWorker(pool, 1));
  await runInWorker(pool, 2);
  // a signal would make piscina give the call a thread of its own
  expect(run.mock.calls.map(([, options]) => options?.signal)).toEqual([null, null]);
});

test('calls with a signal count for the maxQueue of the pool', async () => {
  const pool = poolOf({ maxThreads: 1, maxQueue: 2 });
  await runInWorker(pool, 1);
  const settled = await runUnitOfWork({ kind: 'test' }, () =>
    Promise.allSettled([1, 2, 3, 4, 5].map((payload) => runInWorker(pool, payload))),
  );
  expect(settled.map((one) => (one.status === 'rejected' ? one.reason.message : one.value.payload))).toEqual([
    1,
    2,
    3,
    'Task queue is at limit',
    'Task queue is at limit',
  ]);
  await expect(runInWorker(pool, 6)).resolves.toMatchObject({ payload: 6 });
});

test('many calls at once in one unit of work are no leak to Node', async () => {
  const script = `
    import { runUnitOfWork } from 'nestjs-contextvars/core';
    import { runInWorker } from 'nestjs-contextvars/worker';
    const call = (_, i) => runInWorker(${JSON.stringify(file('worker.cjs'))}, i);
    await runUnitOfWork({ kind: 'test' }, () => Promise.all(Array.from({ length: 30 }, call)));
  `;
  // a warning would stand there
  const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: __dirname,
  });
  expect(stderr).toBe('');
});

function controllerOf(): { readonly signal: AbortSignal; readonly abort: (why: unknown) => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (why) => controller.abort(why) };
}
