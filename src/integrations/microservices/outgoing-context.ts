import { bindContext, injectContext } from '../../core/index.js';
import { CARRIER_KEY, carriedContext, currentFrame, storage } from '../../core/internal.js';
import type { PropagateOptions } from './propagate-options.js';

type Headers = Record<string, unknown>;

/** The carrier of the current context; undefined where there is nothing to carry. */
export function currentCarrier(options: PropagateOptions): string | undefined {
  return injectContext({}, { ...options, context: carriedContext() })[CARRIER_KEY];
}

/**
 * `headers` with the carrier in the place of any that is among them: one that came in and is passed on says what its sender
 * was allowed to say, and not what we are.
 */
export function withCarrier(headers: unknown, carrier: string | undefined): Headers | undefined {
  const given = (headers ?? undefined) as Headers | undefined;
  if (carrier === undefined && (given === undefined || !Object.hasOwn(given, CARRIER_KEY))) return given;
  const { [CARRIER_KEY]: _, ...others } = given ?? {};
  return carrier === undefined ? others : { ...others, [CARRIER_KEY]: carrier };
}

/**
 * Runs what comes back to the sender where the sender was: under the same temporary bindings, as long as they last. By
 * itself it would run in the context that the connection was opened in.
 */
export function resumeHere(): <R>(fn: () => R) => R {
  const frame = currentFrame();
  // Bound for the contexts of other libraries; of ours it would be a capture.
  const among: <R>(fn: () => R) => R = bindContext(<R>(fn: () => R): R => fn());
  return (fn) => among(() => storage.run(frame, fn));
}
