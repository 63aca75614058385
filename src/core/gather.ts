import { requireFunction, wrongArgument } from './arguments.js';
import type { Frame } from './frame.js';
import { fork } from './overlay.js';
import { runFrame } from './run-frame.js';
import { inSomeUnit } from './unit-extent.js';

/** The results of the functions, in their order. */
export type Gathered<T extends readonly (() => unknown)[]> = {
  -readonly [K in keyof T]: T[K] extends () => infer R ? Awaited<R> : never;
};

/**
 * Starts all functions at once, each in a fork of the current context: nothing that one sets is seen by the
 * others or by the caller. They stay in the caller's unit of work. Source: `asyncio.gather`, but for the
 * synchronous start.
 *
 * @returns a promise of all results; it rejects with the first error, and the others go on (as `Promise.all`).
 *
 * @example
 * const [user, orders] = await gather([() => loadUser(), () => loadOrders()]);
 */
export function gather<const T extends readonly (() => unknown)[]>(fns: T): Promise<Gathered<T>> {
  try {
    if (!Array.isArray(fns)) throw wrongArgument('gather', 'an array of functions', fns);
    for (const fn of fns) requireFunction('gather', fn);
    return inSomeUnit('gather', (frame) => {
      const branches = (fns as readonly (() => unknown)[]).map((fn) => begin(fork(frame), fn));
      return Promise.all(branches) as Promise<Gathered<T>>;
    });
  } catch (error) {
    return Promise.reject(error);
  }
}

/** A branch that throws at once does not keep the others from beginning. */
function begin(frame: Frame, fn: () => unknown): unknown {
  try {
    return runFrame(frame, fn);
  } catch (error) {
    return Promise.reject(error);
  }
}
