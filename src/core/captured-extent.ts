import { type Extent, FrameExtent } from './extent.js';
import { currentFrame } from './foreign-context.js';
import { captureForeign } from './foreign-states.js';
import { captureSlots, copySlots, frameOf } from './overlay.js';

/**
 * The live Context of this moment and its unit of work, for whatever is bound to it; outside any, none. Each
 * extent has slots of its own: what one call sets under a captured binding is not seen by the next.
 */
export function captureExtent(): () => Extent {
  const frame = currentFrame();
  const foreign = captureForeign();
  const captured = frame && captureSlots(frame);
  return () => {
    const inner =
      frame === undefined || captured === undefined
        ? frame
        : frameOf(frame.unit, frame.cell, copySlots(captured));
    return new FrameExtent(inner, true, foreign);
  };
}
