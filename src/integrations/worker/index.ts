export { type RunInWorkerOptions, runInWorker } from './run-in-worker.js';
export { withWorkerContext } from './with-worker-context.js';
export type { PoolRunOptions, PoolThread, TransferList, WorkerPool } from './worker-pool.js';
