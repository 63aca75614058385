import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Piscina } from 'piscina';

type PoolOptions = NonNullable<ConstructorParameters<typeof Piscina>[0]>;

const built = join(__dirname, '../../../../dist/esm/integrations/worker/index.js');
if (!existsSync(built)) {
  throw new Error('The worker threads of these tests load the built package: run `npm run build` first.');
}

// Threads start slowly on a machine that has other work.
jest.setTimeout(60_000);

export const file = (name: string): string => join(__dirname, name);

const pools: Piscina[] = [];

/** A pool of two threads, which is destroyed after the test. */
export function poolOf(options?: PoolOptions): Piscina {
  const pool = new Piscina({ filename: file('worker.cjs'), minThreads: 1, maxThreads: 2, ...options });
  pools.push(pool);
  return pool;
}

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.destroy()));
});

/** A call that never settles by itself, once a thread is working on it. In an object: awaited, it would be waited for. */
export async function spinning(
  start: (started: Int32Array) => Promise<unknown>,
): Promise<{ readonly call: Promise<unknown> }> {
  const started = new Int32Array(new SharedArrayBuffer(4));
  const call = start(started);
  call.catch(() => {});
  while (Atomics.load(started, 0) === 0) await setImmediate();
  return { call };
}
