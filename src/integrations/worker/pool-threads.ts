import { outsideAny, reportError } from '../../core/internal.js';
import type { PoolThread, WorkerPool } from './worker-pool.js';

// How piscina reports that the thread of a call has exited, and that it was terminated with the pool.
const DEATH = /^(worker exited with code|Terminating worker thread)/;

// How it reports an answer to a call that has been aborted.
const LATE_ANSWER = /^Unexpected message from Worker/;

/** What is known of the threads of a pool: which errors they have died of, and whether there are any. */
export class PoolThreads {
  readonly #pool: WorkerPool;
  readonly #known = new WeakSet<PoolThread>();
  /** Piscina rejects calls with these objects, as it does with the errors of a file that cannot be loaded. */
  readonly #fatal = new WeakSet<object>();
  #last: unknown;

  constructor(pool: WorkerPool) {
    this.#pool = pool;
    this.meetSoon();
    pool.on?.('workerCreate', () => this.meetSoon());
    pool.on?.('workerDestroy', () => this.meetSoon());
    pool.on?.('error', (error) => this.#report(error));
  }

  /** What the last thread that died of an error died of. */
  get lastFatal(): unknown {
    return this.#last;
  }

  /** Gives true for a pool that does not show its threads. */
  get areLeft(): boolean {
    return this.#pool.threads === undefined || this.#pool.threads.length > 0;
  }

  isDeath(error: unknown): boolean {
    if (typeof error !== 'object' || error === null) return false;
    return this.#fatal.has(error) || DEATH.test(String((error as Partial<Error>).message));
  }

  /**
   * Listens for what ends the threads that are there, and those that piscina is about to start in this job: it tells of a
   * thread only when it is ready, and the error that it dies of can be there before that message.
   */
  meetSoon(): void {
    this.#meet();
    queueMicrotask(() => this.#meet());
  }

  #meet(): void {
    for (const thread of this.#pool.threads ?? []) {
      if (this.#known.has(thread)) continue;
      this.#known.add(thread);
      outsideAny(() =>
        thread.on('error', (error) => {
          this.#last = error;
          this.#fatal.add(error);
        }),
      );
    }
  }

  /**
   * An EventEmitter without a listener throws, which ends the process: for an answer that crossed with the abortion of its
   * call, or for what a call has left running in a thread.
   */
  #report(error: Error): void {
    const { listenerCount } = this.#pool;
    if (listenerCount !== undefined && listenerCount.call(this.#pool, 'error') > 1) return;
    if (!LATE_ANSWER.test(error.message)) reportError(error, 'in an idle thread of runInWorker');
  }
}
