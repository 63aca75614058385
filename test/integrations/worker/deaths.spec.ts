import { once } from 'node:events';
import { type Piscina } from 'piscina';
import { ContextError } from '../../../src/core/index.js';
import { addErrorReporter } from '../../../src/core/internal.js';
import { runInWorker } from '../../../src/integrations/worker/index.js';
import { file, poolOf, spinning } from './support/pools.js';

const died = (cause: object) => ({ code: 'ERR_WORKER_DIED', cause: expect.objectContaining(cause) });

describe('a thread that dies rejects its call with ERR_WORKER_DIED, and the next call works', () => {
  test.each([
    ['process.exit', 'exit', { message: 'worker exited with code: 3' }],
    ['an uncaught exception', 'throwLater', { message: 'in a timer', code: 'E_TIMER' }],
    ['no memory left', 'outOfMemory', { code: 'ERR_WORKER_OUT_OF_MEMORY' }],
  ])('%s', async (_why, name, cause) => {
    const pool = poolOf({ maxThreads: 1, resourceLimits: { maxOldGenerationSizeMb: 16 } });
    const error = await runInWorker(pool, 3, { name }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ContextError);
    expect(error).toMatchObject(died(cause));
    await expect(runInWorker(pool, 'next')).resolves.toMatchObject({ payload: 'next' });
  });

  test('terminate, while it works and cannot be interrupted', async () => {
    const pool = poolOf({ maxThreads: 1 });
    const { call } = await spinning((started) => runInWorker(pool, started, { name: 'spin' }));
    await pool.threads[0]!.terminate();
    await expect(call).rejects.toMatchObject(died({ message: 'worker exited with code: 1' }));
    await expect(runInWorker(pool, 'next')).resolves.toMatchObject({ payload: 'next' });
  });

  test('the pool is destroyed', async () => {
    const pool = poolOf({ maxThreads: 1 });
    const calls = [1, 2].map(() => runInWorker(pool, 60_000, { name: 'sleeping' }));
    const settled = Promise.allSettled(calls);
    await pool.destroy();
    const error = died({ message: 'Terminating worker thread' });
    expect(await settled).toMatchObject([{ reason: error }, { reason: error }]);
    await expect(runInWorker(pool, 'next')).resolves.toMatchObject({ payload: 'next' });
  });
});

test('an uncaught exception before the thread has said that it is ready', async () => {
  const pool = poolOf({ minThreads: 0, maxThreads: 1, filename: file('dies-while-loading.mjs') });
  pool.on('error', () => {});
  await expect(runInWorker(pool, 1)).rejects.toMatchObject(died({ message: 'died while it loaded' }));
  // Started by the pool itself, in place of the first one.
  const others = await Promise.allSettled([runInWorker(pool, 2), runInWorker(pool, 3)]);
  expect(others).toMatchObject(new Array(2).fill({ reason: died({ message: 'died while it loaded' }) }));
});

test('only the calls of the thread that died are rejected', async () => {
  const pool = poolOf({ minThreads: 2 });
  const calls = [1, 2, 3, 4, 5, 6].map((i) =>
    i === 3 ? runInWorker(pool, 1, { name: 'exit' }) : runInWorker(pool, 10, { name: 'sleeping' }),
  );
  const settled = await Promise.allSettled(calls);
  expect(settled.map(({ status }) => status)).toEqual(
    [1, 2, 3, 4, 5, 6].map((i) => (i === 3 ? 'rejected' : 'fulfilled')),
  );
});

// What follows is where piscina by itself leaves calls waiting for ever.
describe('a call that waits in the queue when the last thread dies', () => {
  test('is worked off by another one in a pool of no minimum', async () => {
    const pool = poolOf({ minThreads: 0, maxThreads: 1, idleTimeout: 60_000 });
    const calls = [runInWorker(pool, 1, { name: 'exit' }), runInWorker(pool, 1), runInWorker(pool, 2)];
    const [first, ...others] = await Promise.allSettled(calls);
    expect(first).toMatchObject({ reason: { code: 'ERR_WORKER_DIED' } });
    expect(others).toMatchObject([{ value: { payload: 1 } }, { value: { payload: 2 } }]);
  });

  test('is worked off by another one although a thread has died while it started', async () => {
    const pool = poolOf({ minThreads: 1, maxThreads: 1 });
    await runInWorker(pool, 1);
    await pool.threads[0]!.terminate();
    await pool.threads[0]!.terminate();
    const calls = [runInWorker(pool, 1, { name: 'exit' }), runInWorker(pool, 2)];
    const [first, second] = await Promise.allSettled(calls);
    expect(first).toMatchObject({ reason: { code: 'ERR_WORKER_DIED' } });
    expect(second).toMatchObject({ value: { payload: 2 } });
  });

  test('is rejected where every call kills its thread, each once', async () => {
    const pool = poolOf({ minThreads: 0, maxThreads: 1, idleTimeout: 60_000 });
    const calls = Array.from({ length: 6 }, () => runInWorker(pool, 1, { name: 'exit' }));
    const settled = await Promise.allSettled(calls);
    expect(settled.map((one) => one.status === 'rejected' && one.reason.code)).toEqual(
      new Array(6).fill('ERR_WORKER_DIED'),
    );
  });

  test('is rejected with the reason where no thread of the pool can start', async () => {
    const pool = poolOf({ filename: file('broken.cjs') });
    pool.on('error', () => {});
    const calls = Array.from({ length: 6 }, () => runInWorker(pool, 1));
    const settled = await Promise.allSettled(calls);
    const error = died({ message: 'this file cannot be loaded' });
    expect(settled).toMatchObject(new Array(6).fill({ reason: error }));
    await expect(runInWorker(pool, 1)).rejects.toMatchObject(error);
  });

  test('is rejected where the queue is full and nothing can be added to it', async () => {
    const pool = poolOf({
      minThreads: 0,
      maxThreads: 1,
      maxQueue: 2,
      idleTimeout: 60_000,
      concurrentTasksPerWorker: 2,
    });
    await runInWorker(pool, 1);
    const calls = [
      ...[1, 2].map(() => runInWorker(pool, 60_000, { name: 'sleeping' })),
      ...[1, 2].map(() => runInWorker(pool, 1)),
    ];
    const settled = Promise.allSettled(calls);
    await pool.threads[0]!.terminate();
    expect(await settled).toMatchObject(new Array(4).fill({ reason: { code: 'ERR_WORKER_DIED' } }));
  });
});

test('a file or export that is not there rejects the call as it is: the thread lives', async () => {
  const pool = poolOf({ maxThreads: 1 });
  const thread = await runInWorker(pool, 0, { name: 'thread' });
  const missing = runInWorker(pool, 1, { filename: file('missing.mjs') });
  await expect(missing).rejects.toThrow(/Cannot find module .*missing\.mjs/);
  await expect(runInWorker(pool, 1, { name: 'missing' })).rejects.toThrow('No handler function');
  const broken = runInWorker(pool, 1, { filename: file('broken.cjs') });
  await expect(broken).rejects.toThrow('this file cannot be loaded');
  await expect(runInWorker(pool, 0, { name: 'thread' })).resolves.toBe(thread);
});

test('a thread that dies while it is idle fails no call', async () => {
  const pool = poolOf({ maxThreads: 1 });
  await runInWorker(pool, 1);
  const [thread] = pool.threads;
  const exited = once(thread!, 'exit');
  await thread!.terminate();
  await exited;
  await expect(runInWorker(pool, 2)).resolves.toMatchObject({ payload: 2 });
});

describe('what a call leaves running and ends the idle thread', () => {
  /** Leaves it behind in a pool in which threads go on while they are idle, and waits for the end of the thread. */
  async function leaveIn(pool: Piscina) {
    const exited = new Promise((resolve) => {
      pool.threads[0]!.once('exit', resolve);
    });
    await runInWorker(pool, 0, { name: 'throwAfterwards' });
    await exited;
    await expect(runInWorker(pool, 'next')).resolves.toMatchObject({ payload: 'next' });
  }

  test('is reported, and does not end the process', async () => {
    const reports: unknown[] = [];
    const before = addErrorReporter((error, where) => reports.push([(error as Error).message, where]));
    await leaveIn(poolOf({ maxThreads: 1, atomics: 'disabled' })).finally(() => before());
    expect(reports).toEqual([['left running', 'in an idle thread of runInWorker']]);
  });

  test('goes to the listeners of the pool alone, where it has some', async () => {
    const pool = poolOf({ maxThreads: 1, atomics: 'disabled' });
    const heard: string[] = [];
    pool.on('error', (error) => heard.push(error.message));
    const reports: unknown[] = [];
    const before = addErrorReporter((error) => reports.push(error));
    await leaveIn(pool).finally(() => before());
    expect([heard, reports]).toEqual([['left running'], []]);
  });
});
