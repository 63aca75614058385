import { type Extent, FrameExtent } from './extent.js';
import { currentFrame } from './foreign-context.js';
import { captureForeign } from './foreign-states.js';
import { captureLive } from './overlay.js';

/**
 * The live Context of this moment and its unit of work, for whatever is bound to it; outside any, none. What one call
 * sets under a captured binding is not seen by the next.
 */
export function captureExtent(): () => Extent {
  const frame = currentFrame();
  const foreign = captureForeign();
  const frameOfCall = frame === undefined ? () => undefined : captureLive(frame);
  return () => new FrameExtent(frameOfCall(), true, foreign);
}
