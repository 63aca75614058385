import { FrameExtent } from './extent.js';
import { runExtent, settle } from './follow.js';
import { type ForeignStates, registered } from './foreign-states.js';
import type { Frame } from './frame.js';
import { storage } from './storage.js';

// A constant to the compiler; an import is read anew at each use.
const als = storage;

/**
 * Runs `fn` in `frame`, which a lazy result holds too; where `movesForeign`, with the contexts of other libraries in the
 * states `foreign`.
 */
export function runFrame<R>(frame: Frame, fn: () => R, movesForeign = false, foreign?: ForeignStates): R {
  if (movesForeign && registered.length > 0) return runExtent(new FrameExtent(frame, true, foreign), fn);
  const result = als.run(frame, fn);
  if (typeof result !== 'object' && typeof result !== 'function') return result;
  return settle(result, new FrameExtent(frame, movesForeign));
}
