import { availableParallelism } from 'node:os';
import { firstLoaded, outsideAny } from '../../core/internal.js';
import type { WorkerPool } from './worker-pool.js';

/** Long enough that the threads of a busy process stay, in ms. */
const IDLE_TIMEOUT = 30_000;

const pools: Map<string, Promise<WorkerPool>> = firstLoaded('default worker pools', () => new Map());

/**
 * The pool of the process for a worker file: as many threads as there are cores, made when they are needed and ended
 * when they have been idle for 30 seconds. It does not keep the process alive. One per file, so that what a file does
 * to its threads, and has as module state, is nothing to another.
 */
export function defaultPool(file: string): Promise<WorkerPool> {
  let pool = pools.get(file);
  if (pool === undefined) {
    // Outside any: what is made on the first call lasts longer than its request.
    pool = outsideAny(makePool);
    pools.set(file, pool);
    // Tried again: it may be installed by then.
    pool.catch(() => pools.delete(file));
  }
  return pool;
}

async function makePool(): Promise<WorkerPool> {
  const { default: loaded } = await import('piscina').catch((cause: unknown) => {
    const what =
      "runInWorker: a file was given and no pool, and the package 'piscina' cannot be loaded; install it.";
    throw new Error(what, { cause });
  });
  // Without the file, which is given with each call: one that cannot be loaded then fails its calls, and not the threads.
  return new loaded.Piscina({
    minThreads: 0,
    maxThreads: availableParallelism(),
    idleTimeout: IDLE_TIMEOUT,
    stricterFIFO: true,
    recordTiming: false,
  });
}
