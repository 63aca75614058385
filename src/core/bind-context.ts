import { requireFunction } from './arguments.js';
import { FrameExtent } from './extent.js';
import { runExtent } from './follow.js';
import { currentFrame } from './foreign-context.js';
import { captureForeign } from './foreign-states.js';
import { standIn } from './method-decorator.js';
import { captureSlots, copySlots, frameOf } from './overlay.js';

/**
 * The function as one that always runs in the live Context of this moment, in its unit of work, whoever
 * calls it. A ContextVar under a `run` or temporary binding keeps the value that it has now; a ScopedValue
 * under a temporary binding is not captured. Bound outside any context, it runs outside any.
 *
 * @example
 * socket.on('message', bindContext((message) => handle(message)));
 */
export function bindContext<F extends (...args: never[]) => unknown>(fn: F): F {
  requireFunction('bindContext', fn);
  const frame = currentFrame();
  const foreign = captureForeign();
  const captured = frame && captureSlots(frame);
  const bound = function (this: unknown, ...args: never[]): unknown {
    // Slots of its own for each call: what one call sets under a captured binding is not seen by the next.
    const inner =
      frame === undefined || captured === undefined
        ? frame
        : frameOf(frame.unit, frame.cell, copySlots(captured));
    return runExtent(new FrameExtent(inner, true, foreign), () => Reflect.apply(fn, this, args) as unknown);
  };
  return standIn(bound, fn) as F;
}
