import { requireFunction } from './arguments.js';
import { captureExtent } from './captured-extent.js';
import { runExtent } from './follow.js';
import { standIn } from './method-decorator.js';

/**
 * The function as one that always runs in the live Context of this moment, in its unit of work, whoever
 * calls it. A ContextVar under a `run` or temporary binding keeps the value that it has now; a ScopedValue
 * under a temporary binding is not captured. Bound outside any context, it runs outside any.
 *
 * @throws TypeError where `fn` is no function.
 *
 * @example
 * pool.query('select 1', bindContext((error, rows) => handle(error, rows)));
 */
export function bindContext<F extends (...args: never[]) => unknown>(fn: F): F {
  requireFunction('bindContext', fn);
  const extent = captureExtent();
  const bound = function (this: unknown, ...args: never[]): unknown {
    return runExtent(extent(), () => Reflect.apply(fn, this, args) as unknown);
  };
  return standIn(bound, fn) as F;
}
