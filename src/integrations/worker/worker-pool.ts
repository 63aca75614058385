import type { MessagePort } from 'node:worker_threads';

/** What `postMessage` takes: the parts of a message that are handed over and not copied. */
export type TransferList = Parameters<MessagePort['postMessage']>[1];

export interface PoolRunOptions {
  readonly filename?: string | null;
  readonly name?: string | null;
  readonly signal?: AbortSignal | null;
  readonly transferList?: TransferList;
}

/**
 * What is used of a Piscina, of whatever copy. Only `run` has to be there; without `on` and `threads` a call that still
 * waits in the queue when the last thread has died is not noticed.
 */
export interface WorkerPool<T = unknown, R = unknown> {
  run(task: T, options?: PoolRunOptions): Promise<R>;
  on?(event: string, listener: (error: Error) => void): unknown;
  listenerCount?(event: string): number;
  readonly threads?: readonly PoolThread[];
  readonly queueSize?: number;
  readonly options?: {
    readonly filename?: string | null;
    readonly maxQueue?: number | 'auto';
    readonly concurrentTasksPerWorker?: number;
  };
}

/** What is used of a `Worker` of node:worker_threads. */
export interface PoolThread {
  on(event: 'error', listener: (error: Error) => void): unknown;
}
