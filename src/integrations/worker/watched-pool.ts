import { ContextError } from '../../core/index.js';
import { abortWith, outsideAny } from '../../core/internal.js';
import type { CallProgress } from './call-progress.js';
import type { Envelope } from './envelope.js';
import { errorOf, isFailure } from './failure.js';
import { PoolThreads } from './pool-threads.js';
import { unclonableIn } from './unclonable.js';
import type { PoolRunOptions, WorkerPool } from './worker-pool.js';

/** Where so many threads in a row end before they have taken up a call, no further one is started. */
const MAX_BARREN = 3;

/** How a call is aborted. */
export interface Abortion {
  /** The call rejects with the reason of it, and leaves the queue. */
  readonly signal: AbortSignal;
  readonly progress: CallProgress;
  /** The thread that has begun the call is terminated. */
  readonly terminates: boolean;
}

interface WaitingCall {
  fail(error: unknown): void;
}

type Settle = Parameters<ConstructorParameters<typeof Promise<unknown>>[0]>;

const watched = new WeakMap<WorkerPool, WatchedPool>();

export function watchedPool(pool: WorkerPool): WatchedPool {
  let found = watched.get(pool);
  if (found === undefined) {
    found = new WatchedPool(pool);
    watched.set(pool, found);
  }
  return found;
}

/**
 * A pool whose calls all settle. Piscina rejects the calls that a thread was working on when it died, and leaves those
 * in its queue to the other threads; where there is none, it starts one only with the next call (with `minThreads: 0`, or
 * once a thread has died while it was starting), so that calls that nobody follows up would wait for ever.
 */
class WatchedPool {
  readonly #pool: WorkerPool;
  readonly #threads: PoolThreads;
  readonly #waiting = new Set<WaitingCall>();
  #settled = 0;
  #settledBefore = -1;
  #barren = 0;
  #checking = false;

  constructor(pool: WorkerPool) {
    this.#pool = pool;
    this.#threads = new PoolThreads(pool);
    pool.on?.('workerDestroy', () => outsideAny(() => this.#checkSoon()));
  }

  /** Several calls share a thread: terminating it for the end of one would fail the others. */
  get sharesThreads(): boolean {
    return (this.#pool.options?.concurrentTasksPerWorker ?? 1) > 1;
  }

  /** Has a thread work off `envelope`, and settles whatever happens to the thread. */
  run(envelope: Envelope, options: PoolRunOptions, abortion: Abortion | undefined): Promise<unknown> {
    // Outside any: threads that piscina starts, their ports and its timers stay in the context that they are made in.
    return outsideAny(() => new Promise((...settle) => this.#start(envelope, options, abortion, settle)));
  }

  #start(
    envelope: Envelope,
    options: PoolRunOptions,
    abortion: Abortion | undefined,
    [resolve, reject]: Settle,
  ): void {
    // Not the signal itself: what it aborts would run in the context of whoever aborts it.
    const takenBack = abortion?.terminates ?? !this.sharesThreads;
    const controller = takenBack ? new AbortController() : undefined;
    const settled = (): boolean => {
      this.#threads.meetSoon();
      const first = this.#waiting.delete(call);
      if (first) this.#settled += 1;
      release?.();
      return first;
    };
    const call: WaitingCall = {
      fail: (error) => {
        if (!settled()) return;
        reject(error);
        // Out of the queue too, where piscina leaves some of the calls that it rejects.
        if (abortion?.progress.abort() !== false) outsideAny(() => controller?.abort(error));
      },
    };
    const release = abortion && abortWith(abortion.signal, (reason) => call.fail(reason));
    this.#waiting.add(call);
    if (this.#isFull()) {
      call.fail(new Error('Task queue is at limit'));
      return;
    }
    const signal = controller?.signal ?? null;
    const running = this.#pool.run(envelope, { ...options, signal });
    this.#threads.meetSoon();
    running.then(
      (answer) => {
        if (settled()) resolve(answer);
      },
      (error) => call.fail(this.#reasonOf(error, envelope)),
    );
  }

  /** Piscina does not hold calls that can be aborted against its limit (5.3.2). */
  #isFull(): boolean {
    const { queueSize = 0, options } = this.#pool;
    const limit = options?.maxQueue;
    return typeof limit === 'number' && queueSize > 0 && queueSize >= limit;
  }

  #reasonOf(error: unknown, { payload }: Envelope): unknown {
    if (isFailure(error)) return errorOf(error.thrown);
    if (this.#threads.isDeath(error)) return died(error);
    const { name, message } = (error ?? {}) as Partial<Error>;
    if (name !== 'DataCloneError') return error;
    return new ContextError(
      'ERR_NOT_PORTABLE',
      `The payload of runInWorker cannot be cloned: ${unclonableIn(payload) ?? message}; send plain data.`,
      { cause: error },
    );
  }

  /** Not at once: the thread is still among those of the pool, and its call is not rejected yet. */
  #checkSoon(): void {
    if (this.#checking || this.#waiting.size === 0) return;
    this.#checking = true;
    setImmediate(() => {
      this.#checking = false;
      this.#check();
    });
  }

  #check(): void {
    if (this.#waiting.size === 0 || this.#threads.areLeft) return;
    this.#barren = this.#settled === this.#settledBefore ? this.#barren + 1 : 0;
    this.#settledBefore = this.#settled;
    if (this.#barren < MAX_BARREN) this.#startThread();
    if (this.#threads.areLeft) return;
    const error = died(this.#threads.lastFatal ?? new Error('the threads of the pool end while they start'));
    for (const call of [...this.#waiting]) call.fail(error);
  }

  /** By a call that is taken back before there is a thread to work on it: piscina starts one for each new call. */
  #startThread(): void {
    const controller = new AbortController();
    const filename = this.#pool.options?.filename ?? '/';
    this.#pool.run(undefined, { filename, signal: controller.signal }).catch(() => {});
    controller.abort();
    this.#threads.meetSoon();
  }
}

function died(cause: unknown): ContextError {
  const message = (cause as Partial<Error> | null)?.message ?? 'for no known reason';
  return new ContextError(
    'ERR_WORKER_DIED',
    `The thread of a runInWorker call died before it had an answer (${message}); the next call gets another one. ` +
      'Call again where the work may be done twice.',
    { cause },
  );
}
