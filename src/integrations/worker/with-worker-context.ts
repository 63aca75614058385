import { ContextError, extractContext, runUnitOfWork } from '../../core/index.js';
import { requireFunction } from '../../core/internal.js';
import { begin } from './call-progress.js';
import { isEnvelope } from './envelope.js';
import { failureOf } from './failure.js';
import { isMoved } from './moved.js';
import { unclonableIn } from './unclonable.js';

/**
 * The function of a worker thread as one that runs in the context of its caller: each call is a unit of work of kind
 * `worker`, with an id of its own and the portable variables that `runInWorker` has sent along. It ends when the call
 * settles. What it sets stays in the thread. A call that does not come from `runInWorker` has an empty context.
 *
 * What it throws reaches the caller with its code and, for a ContextError and the classes of the language, its class. An
 * answer that cannot be cloned is a ContextError `ERR_NOT_PORTABLE` there.
 *
 * @throws TypeError where `fn` is no function.
 *
 * @example
 * // resize.worker.js
 * export default withWorkerContext(async ({ image, width }) => {
 *   log.info(`${tenant.get()}: resizing to ${width}`);
 *   return resize(image, width);
 * });
 */
export function withWorkerContext<T, R>(fn: (payload: T) => R): (payload: T) => Promise<Awaited<R>> {
  requireFunction('withWorkerContext', fn);
  return async (task): Promise<Awaited<R>> => {
    if (!isEnvelope(task)) return await runUnitOfWork({ kind: 'worker' }, () => fn(task));
    // Aborted while the thread was loading this file: the answer is of no interest to anyone.
    if (task.progress !== undefined && !begin(task.progress)) return undefined as Awaited<R>;
    const payload = task.payload as T;
    try {
      const context = extractContext(task.carrier);
      const answer = await runUnitOfWork({ kind: 'worker', context }, () => fn(payload));
      if (!isMoved(answer)) requireClonable(answer);
      return answer;
    } catch (error) {
      throw failureOf(error);
    }
  };
}

// Found out by piscina it would cost the thread, and on Node 20 nobody would be told why.
function requireClonable(answer: unknown): void {
  const where = unclonableIn(answer);
  if (where === undefined) return;
  throw new ContextError(
    'ERR_NOT_PORTABLE',
    `The answer of a worker function cannot be cloned: ${where}; return plain data.`,
  );
}
