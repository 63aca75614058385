import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { currentUnit, type InjectOptions, injectContext } from '../../core/index.js';
import { optionsOf, requireOptionalString, wrongArgument } from '../../core/internal.js';
import { CallProgress } from './call-progress.js';
import { defaultPool } from './default-pool.js';
import { envelopeOf } from './envelope.js';
import { watchedPool } from './watched-pool.js';
import type { PoolRunOptions, TransferList, WorkerPool } from './worker-pool.js';

const WHERE = 'runInWorker';

export interface RunInWorkerOptions {
  /** Which export of the worker file is called. Default: that of the pool, or else the default export. */
  readonly name?: string;
  /** The worker file, for a pool that has none or serves several. Default: that of the pool. */
  readonly filename?: string | URL;
  /** Variables without which the call makes no sense: it rejects with `ERR_NOT_PORTABLE` where one cannot cross. Default: none. */
  readonly required?: InjectOptions['required'];
  /**
   * Rejects the call with the signal's reason when it aborts, takes it out of the queue, and terminates the thread that
   * works on it. Default: the signal of the unit of work, whose end nobody is left to wait for the answer; in a pool
   * that has several calls in a thread the thread goes on then. `null` for a call that outlives its unit.
   */
  readonly signal?: AbortSignal | null;
  /** Parts of the payload that are handed over and not copied. Default: none. */
  readonly transferList?: TransferList;
}

/**
 * Calls a function in a worker thread, with the portable variables of the current context: those that have a codec.
 * `worker` is a Piscina, or the file of the function: then the process has a pool for it, which needs the package `piscina`. The
 * function is wrapped by `withWorkerContext` there. The payload and the answer are cloned, which drops prototypes
 * silently.
 *
 * @throws TypeError where an argument has the wrong type.
 * @returns a promise of the answer. It rejects with what the function threw, with its code; with the reason of the signal;
 * with a ContextError `ERR_WORKER_DIED` where the thread ended first, and `ERR_NOT_PORTABLE` where the payload, the answer
 * or a required variable cannot cross, or a codec fails.
 *
 * @example
 * const small = await runInWorker(new URL('./resize.worker.js', import.meta.url), { image, width: 200 });
 */
export function runInWorker<T, R>(
  pool: WorkerPool<T, R>,
  payload: T,
  options?: RunInWorkerOptions,
): Promise<R>;
export function runInWorker<F extends (payload: never) => unknown = (payload: unknown) => unknown>(
  file: string | URL,
  payload: Parameters<F>[0],
  options?: RunInWorkerOptions,
): Promise<Awaited<ReturnType<F>>>;
export function runInWorker(
  worker: WorkerPool | string | URL,
  payload: unknown,
  options?: RunInWorkerOptions,
): Promise<unknown> {
  const { name, filename, required, signal, transferList } = optionsOf(WHERE, options) ?? {};
  requireOptionalString(WHERE, 'name', name);
  if (signal !== undefined && signal !== null) requireSignal(signal);
  if (transferList !== undefined && !Array.isArray(transferList)) {
    throw wrongArgument(WHERE, 'an array as transferList', transferList);
  }
  const pool = isPool(worker) ? worker : undefined;
  const file = pool === undefined ? pathOf('a pool, or a file', worker) : filename;
  const path = file === undefined ? undefined : pathOf('a file', file);
  const run = { ...(name !== undefined && { name }), ...(path !== undefined && { filename: path }) };
  return call(pool, payload, { run, required, signal, transferList });
}

interface CallOptions extends Omit<RunInWorkerOptions, 'name' | 'filename'> {
  readonly run: PoolRunOptions;
}

/** The context is read before the first await, and the payload handed over too where the pool is there. */
async function call(
  given: WorkerPool | undefined,
  payload: unknown,
  { run, required, signal: own, transferList = [] }: CallOptions,
): Promise<unknown> {
  const carrier = injectContext({}, required && { required });
  const signal = (own === undefined ? currentUnit()?.signal : own) ?? undefined;
  const progress = signal && new CallProgress();
  const { envelope, moved } = envelopeOf(carrier, payload, progress);
  const pool = watchedPool(given ?? (await defaultPool(run.filename as string)));
  if (signal?.aborted) throw signal.reason;
  const terminates = own !== undefined || !pool.sharesThreads;
  const transferred = [...transferList, ...moved] as TransferList;
  const abortion = signal && progress && { signal, progress, terminates };
  return pool.run(envelope, { ...run, transferList: transferred }, abortion);
}

function isPool(worker: unknown): worker is WorkerPool {
  return typeof worker === 'object' && worker !== null && 'run' in worker && typeof worker.run === 'function';
}

function requireSignal(signal: object): void {
  // Of whatever realm.
  const { aborted, addEventListener } = signal as Partial<AbortSignal>;
  if (typeof aborted !== 'boolean' || typeof addEventListener !== 'function') {
    throw wrongArgument(WHERE, 'an AbortSignal or null as signal', signal);
  }
}

function pathOf(what: string, file: unknown): string {
  if (typeof file === 'string' && isAbsolute(file)) return file;
  const expected = `${what} by its absolute path or file: URL`;
  // By what it has: a test runner may have a class URL of its own.
  const text = typeof file === 'string' ? file : (file as Partial<URL> | null)?.href;
  if (typeof text !== 'string') throw wrongArgument(WHERE, expected, file);
  if (!text.startsWith('file:') || !URL.canParse(text)) {
    throw new TypeError(`${WHERE}: expected ${expected}, got '${text}'`);
  }
  return fileURLToPath(text);
}
