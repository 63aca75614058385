import { ContextError } from '../../../src/core/index.js';
import { runInWorker } from '../../../src/integrations/worker/index.js';
import { picky } from './support/caller-variables.js';
import { poolOf } from './support/pools.js';

/** What the call of a function that fails in this way rejects with. */
async function failure(how: string, name = 'fail'): Promise<any> {
  const answer = runInWorker(poolOf({ maxThreads: 1 }), how, { name });
  return answer.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error,
  );
}

describe('an error of the function reaches the caller', () => {
  test.each(['fail', 'failLater'])('with code, name, properties and cause (%s)', async (name) => {
    const error = await failure('declined', name);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'Declined',
      message: 'no money',
      code: 'E_DECLINED',
      details: { amount: 3 },
    });
    expect(error.cause).toBeInstanceOf(RangeError);
    expect(error.cause.message).toBe('below zero');
    expect(error.stack).toContain('worker.cjs');
    // a function cannot cross
    expect(error).not.toHaveProperty('retry');
    expect(Object.keys(error).sort()).toEqual(['code', 'details']);
  });

  test('as a ContextError where it is one', async () => {
    const error = await failure('unset');
    expect(error).toBeInstanceOf(ContextError);
    expect(error).toMatchObject({ code: 'ERR_VAR_UNSET', message: 'of the worker', name: 'ContextError' });
  });

  test("with the language's and Node's own classes", async () => {
    expect(await failure('type')).toBeInstanceOf(TypeError);
    const node = await failure('node');
    expect(node).toBeInstanceOf(TypeError);
    expect(node.code).toBe('ERR_INVALID_ARG_TYPE');
    const all = await failure('aggregate');
    expect(all).toBeInstanceOf(AggregateError);
    expect(all.errors.map((error: Error) => [error.constructor.name, error.message])).toEqual([
      ['TypeError', 'one'],
      ['Error', 'two'],
    ]);
    const aborted = await failure('dom');
    expect(aborted).toBeInstanceOf(DOMException);
    expect(aborted).toMatchObject({ name: 'AbortError', code: 20 });
  });

  test('also where it is no Error, or one that cannot be read', async () => {
    expect(await failure('text')).toBe('a text');
    expect(await failure('undefined')).toBeUndefined();
    expect(await failure('fn')).toMatchObject({ message: expect.stringContaining('a function') });
    expect(await failure('hostile')).toBeInstanceOf(Error);
    expect(await failure('circle')).toMatchObject({
      message: 'in a circle',
      cause: { message: 'in a circle' },
    });
  });

  test('and costs no thread', async () => {
    const pool = poolOf({ maxThreads: 1 });
    const before = await runInWorker(pool, 0, { name: 'thread' });
    await expect(runInWorker(pool, 'declined', { name: 'fail' })).rejects.toThrow('no money');
    await expect(runInWorker(pool, 0, { name: 'thread' })).resolves.toBe(before);
  });
});

test('variables that the thread cannot read reject the call, and the function is not called', async () => {
  const pool = poolOf({ maxThreads: 1 });
  const counter = new Int32Array(new SharedArrayBuffer(4));
  const call = () => picky.run('no number', () => runInWorker(pool, counter, { name: 'count' }));
  const error = await call().catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ContextError);
  expect(error).toMatchObject({ code: 'ERR_INVALID_CARRIER', message: expect.stringContaining("'picky'") });
  await expect(runInWorker(pool, counter, { name: 'count' })).resolves.toBe(1);
});

describe('a payload that cannot be cloned', () => {
  test.each([
    [() => {}, 'it is a function'],
    [{ order: { total: Symbol('x') } }, "'order.total' is a symbol"],
    [{ lines: [1, { price: Promise.resolve(1) }] }, "'lines.1.price' is a promise"],
    [new Map([['a', { fn() {} }]]), "'(a value).fn' is a function"],
    [new Set([new WeakMap()]), "'(a member)' is a weak collection"],
    [{ proxy: new Proxy({}, {}) }, "'proxy' is a Proxy"],
  ])('is ERR_NOT_PORTABLE and says where: %p', async (payload, where) => {
    const pool = poolOf();
    const error = { code: 'ERR_NOT_PORTABLE', message: expect.stringContaining(where) };
    await expect(runInWorker(pool, payload)).rejects.toMatchObject(error);
    await expect(runInWorker(pool, 'next')).resolves.toMatchObject({ payload: 'next' });
  });

  test('is ERR_NOT_PORTABLE also where the call has to wait for a thread', async () => {
    const pool = poolOf({ maxThreads: 1 });
    const busy = [runInWorker(pool, 20, { name: 'sleeping' }), runInWorker(pool, 1, { name: 'sleeping' })];
    await expect(runInWorker(pool, { fn() {} })).rejects.toMatchObject({ code: 'ERR_NOT_PORTABLE' });
    await Promise.all(busy);
  });
});

describe('an answer that cannot be cloned', () => {
  test.each([
    ['fn', "'order.total' is a function"],
    ['promise', "'lines.1' is a promise (is an await missing?)"],
  ])('is ERR_NOT_PORTABLE, says where, and costs no thread: %s', async (what, where) => {
    const pool = poolOf({ maxThreads: 1 });
    const before = await runInWorker(pool, 0, { name: 'thread' });
    const error = await runInWorker(pool, what, { name: 'answer' }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ContextError);
    expect(error).toMatchObject({ code: 'ERR_NOT_PORTABLE', message: expect.stringContaining(where) });
    await expect(runInWorker(pool, 0, { name: 'thread' })).resolves.toBe(before);
  });

  test('rejects the call also where only the clone itself finds it, at the cost of the thread', async () => {
    const pool = poolOf({ maxThreads: 1 });
    await expect(runInWorker(pool, 'deep', { name: 'answer' })).rejects.toMatchObject({
      code: 'ERR_WORKER_DIED',
    });
    await expect(runInWorker(pool, 'next')).resolves.toMatchObject({ payload: 'next' });
  });

  test('an instance of a class arrives as what it has of its own: prototype, getters and private fields are dropped', async () => {
    const answer = await runInWorker(poolOf(), 'money', { name: 'answer' });
    expect(answer).toStrictEqual({ currency: 'EUR' });
  });
});
