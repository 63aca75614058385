import { AssertionError } from 'node:assert';
import { optionsOf, requireFunction, wrongArgument } from '../core/internal.js';
import { Leftovers } from './leftovers.js';

export interface LeftoverOptions {
  /** How long to wait after the body for what it left, in ms. Default: 0, one turn of the event loop. */
  readonly timeoutMs?: number;
}

/**
 * Runs a test body and makes sure that it left nothing behind: no temporary value that is still open (a
 * forgotten `await`, a result that nobody consumed) and no task or background call that still runs. Gives
 * what the body gives. What else begins in this process meanwhile (concurrent tests) counts too.
 *
 * @returns a promise; rejects with what the body throws, else, where something was left, with an
 * AssertionError that names it (values are not printed).
 *
 * @example
 * await assertNothingLeft(() => orders.place('tea'), { timeoutMs: 500 });
 */
export async function assertNothingLeft<R>(fn: () => R, options?: LeftoverOptions): Promise<Awaited<R>> {
  const where = 'assertNothingLeft';
  requireFunction(where, fn);
  const { timeoutMs = 0 } = optionsOf(where, options) ?? {};
  if (!Number.isFinite(timeoutMs) || timeoutMs < 0) {
    throw wrongArgument(where, 'a number of ms, 0 or more, as timeoutMs', timeoutMs);
  }
  const leftovers = new Leftovers();
  try {
    const result = await fn();
    const left = await leftovers.after(timeoutMs);
    if (left.length === 0) return result;
    throw new AssertionError({
      message:
        `The test left ${left.join(' and ')} behind; await what it starts, or wait for what nobody ` +
        'awaits: assertNothingLeft(fn, { timeoutMs }).',
      actual: left,
      expected: [],
      operator: where,
    });
  } finally {
    leftovers.stop();
  }
}
