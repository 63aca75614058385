import { Piscina } from 'piscina';
import {
  Context,
  currentUnit,
  extractContext,
  runUnitOfWork,
  withTempContext,
} from '../../../src/core/index.js';
import { correlationId } from '../../../src/core/internal.js';
import { runInWorker, type WorkerPool } from '../../../src/integrations/worker/index.js';
import { limit, plain, role, tenant } from './support/caller-variables.js';
import { file, poolOf } from './support/pools.js';

const nobody = { tenant: null, limit: null, plain: null, role: null };

test('variables with a codec cross to the thread, all others and every ScopedValue stay', async () => {
  const pool = poolOf();
  await runUnitOfWork({ kind: 'test' }, async () => {
    tenant.set('acme');
    plain.set('stays');
    role.bind('clerk');
    await expect(runInWorker(pool, { n: 1 })).resolves.toEqual({
      ...nobody,
      payload: { n: 1 },
      tenant: 'acme',
    });
    const asAdmin = () => runInWorker(pool, 2);
    const temporary = withTempContext([role.as('admin'), limit.as(5), tenant.as('other')], asAdmin);
    await expect(temporary).resolves.toEqual({ ...nobody, payload: 2, tenant: 'other', limit: 5 });
  });
});

test('a call outside any unit of work has an empty context', async () => {
  await expect(runInWorker(poolOf(), 'x')).resolves.toEqual({ ...nobody, payload: 'x' });
});

test('the call is a unit of work of kind worker with an id of its own, which ends with it', async () => {
  const pool = poolOf({ maxThreads: 1 });
  const ask = () => runInWorker(pool, undefined, { name: 'unit' });
  const [first, second] = await runUnitOfWork({ kind: 'test', id: 'caller' }, async () => [
    await ask(),
    await ask(),
  ]);
  expect(first).toMatchObject({ kind: 'worker', endedBefore: [] });
  expect(second).toMatchObject({ kind: 'worker', endedBefore: [true] });
  expect(new Set([first.id, second.id, 'caller']).size).toBe(3);
});

test('the ids of the request and of the conversation cross by themselves', async () => {
  const call = () =>
    correlationId.run('conversation-1', () => runInWorker(poolOf(), undefined, { name: 'unit' }));
  await expect(call()).resolves.toMatchObject({ correlationId: 'conversation-1' });
});

test('what the function sets, and leaves running, stays in its own call', async () => {
  const pool = poolOf({ maxThreads: 1, atomics: 'disabled' });
  const call = (value: string) =>
    tenant.run(`of ${value}`, () => runInWorker(pool, value, { name: 'leaveBehind' }));
  await expect(call('first')).resolves.toEqual({ found: 'of first', now: 'first', earlier: undefined });
  await expect(call('second')).resolves.toEqual({ found: 'of second', now: 'second', earlier: 'first' });
  await runUnitOfWork({ kind: 'test' }, async () => {
    await runInWorker(pool, 'third', { name: 'leaveBehind' });
    expect(tenant.get(null)).toBeNull();
  });
});

test.each([1, 4])('calls of many callers keep apart, with %d at a time in a thread', async (perThread) => {
  const pool = poolOf({ concurrentTasksPerWorker: perThread });
  const call = (i: number) =>
    runUnitOfWork({ kind: 'test' }, async () => {
      if (i % 5 !== 0) tenant.set(`tenant ${i}`);
      if (i % 3 !== 0) limit.set(i);
      const payload = { i, ms: i % 4 };
      const expected = {
        ...nobody,
        payload,
        tenant: i % 5 === 0 ? null : `tenant ${i}`,
        limit: i % 3 === 0 ? null : i,
      };
      const answer = await runInWorker(pool, payload, { name: 'later' });
      // the caller goes on in its own context
      expect(tenant.get(null)).toBe(expected.tenant);
      expect(answer).toEqual([expected, expected]);
    });
  await Promise.all(Array.from({ length: 200 }, (_, i) => call(i)));
});

test('callbacks of the promise run where they were attached', async () => {
  const pool = poolOf();
  const seen = await tenant.run('caller', () => runInWorker(pool, 1).then(() => tenant.get()));
  const failed = await tenant.run('caller', () =>
    runInWorker(pool, 'type', { name: 'fail' }).catch(() => tenant.get()),
  );
  expect([seen, failed]).toEqual(['caller', 'caller']);
});

describe('required variables', () => {
  const pool: WorkerPool = { run: () => Promise.resolve('called') };

  test('one without a codec is ERR_NOT_PORTABLE, by name', async () => {
    const call = () => plain.run('here', () => runInWorker(pool, 1, { required: [tenant, plain] }));
    await expect(call()).rejects.toMatchObject({
      code: 'ERR_NOT_PORTABLE',
      message: expect.stringContaining("'plain'"),
    });
  });

  test('one that is not set is ERR_NOT_PORTABLE, by name', async () => {
    const error = { code: 'ERR_NOT_PORTABLE', message: expect.stringContaining("'tenant'") };
    await expect(runInWorker(pool, 1, { required: [tenant] })).rejects.toMatchObject(error);
    const call = () => tenant.run('acme', () => runInWorker(pool, 1, { required: [tenant] }));
    await expect(call()).resolves.toBe('called');
  });

  test('a ScopedValue is ERR_NOT_PORTABLE, bound or not', async () => {
    const call = () => role.run('admin', () => runInWorker(pool, 1, { required: [role as never] }));
    await expect(call()).rejects.toMatchObject({
      code: 'ERR_NOT_PORTABLE',
      message: expect.stringContaining("'role'"),
    });
  });
});

describe('the worker file', () => {
  test('may have several functions, by name', async () => {
    await expect(runInWorker(poolOf({ name: 'thread' }), undefined)).resolves.toEqual(expect.any(Number));
    const call = () => tenant.run('acme', () => runInWorker(poolOf(), { ms: 1 }, { name: 'later' }));
    await expect(call()).resolves.toHaveLength(2);
  });

  test('may be an ES module, also beside one in CommonJS in the same thread', async () => {
    const pool = poolOf({ maxThreads: 1 });
    const filename = file('worker.mjs');
    await tenant.run('acme', async () => {
      await expect(runInWorker(pool, 1, { filename })).resolves.toEqual({ payload: 1, tenant: 'acme' });
      await expect(runInWorker(pool, 'tea', { filename, name: 'shout' })).resolves.toBe('TEA of acme');
      await expect(runInWorker(pool, 2)).resolves.toMatchObject({ tenant: 'acme' });
    });
  });

  test('has the workerData of its pool', async () => {
    await expect(runInWorker(poolOf({ workerData: { region: 'eu' } }), 0, { name: 'data' })).resolves.toEqual(
      {
        region: 'eu',
      },
    );
  });

  test('may also be called without runInWorker: its functions then have an empty context', async () => {
    const call = () => tenant.run('acme', () => poolOf().run('direct'));
    await expect(call()).resolves.toEqual({ ...nobody, payload: 'direct' });
    await expect(poolOf().run('type', { name: 'fail' })).rejects.toMatchObject({ name: 'TypeError' });
  });
});

describe('what piscina has beyond plain calls', () => {
  test('Piscina.move hands the payload and the answer over', async () => {
    const bytes = new Uint8Array([1, 2]);
    const answer = await runInWorker(poolOf(), Piscina.move(bytes), { name: 'moved' });
    expect(bytes.byteLength).toBe(0);
    expect([...answer]).toEqual([2, 2]);
  });

  test('transferList hands parts of the payload over', async () => {
    const bytes = new Uint8Array([1, 2]);
    await expect(runInWorker(poolOf(), { bytes }, { transferList: [bytes.buffer] })).resolves.toMatchObject({
      payload: { bytes: expect.objectContaining({ 0: 1, 1: 2 }) },
    });
    expect(bytes.byteLength).toBe(0);
  });

  test('queues that sort find their options on the task', async () => {
    const run = jest.fn((_task: object) => Promise.resolve());
    await runInWorker({ run } as WorkerPool, { n: 1, [Piscina.queueOptionsSymbol]: { priority: 3 } });
    expect(run.mock.calls[0]?.[0]).toMatchObject({ [Piscina.queueOptionsSymbol]: { priority: 3 } });
  });
});

test('any object with a run method is a pool, and gets a carrier that extractContext reads', async () => {
  const pool = { run: (task: any) => Promise.resolve(task) };
  const call = () => tenant.run('acme', () => runInWorker(pool, { n: 1 }));
  const { carrier, payload } = await call();
  expect(payload).toEqual({ n: 1 });
  expect(extractContext(carrier).get(tenant)).toBe('acme');
});

test('threads, and what piscina runs in them, are made outside any context', async () => {
  const pool = poolOf({ minThreads: 0, maxThreads: 1, idleTimeout: 60_000 });
  await new Context().run(() => runInWorker(pool, 1));
  // a listener of a Worker runs in the context that the Worker was made in
  const exited = new Promise((resolve) => {
    pool.threads[0]!.once('exit', () => resolve([currentUnit(), tenant.get(null)]));
  });
  await tenant.run('acme', () => pool.threads[0]!.terminate());
  await expect(exited).resolves.toEqual([undefined, null]);
});

test('arguments of a wrong type are a TypeError', () => {
  const pool = { run: async () => 1 } as WorkerPool;
  expect(() => runInWorker(undefined as never, 1)).toThrow(TypeError);
  expect(() => runInWorker({} as never, 1)).toThrow(TypeError);
  expect(() => runInWorker('./relative.js', 1)).toThrow("got './relative.js'");
  expect(() => runInWorker(new URL('https://example.org/worker.js'), 1)).toThrow(TypeError);
  expect(() => runInWorker(pool, 1, 'x' as never)).toThrow(TypeError);
  expect(() => runInWorker(pool, 1, { name: '' })).toThrow(TypeError);
  expect(() => runInWorker(pool, 1, { filename: 'relative.js' })).toThrow(TypeError);
  expect(() => runInWorker(pool, 1, { signal: {} as never })).toThrow(TypeError);
  expect(() => runInWorker(pool, 1, { transferList: {} as never })).toThrow(TypeError);
});
