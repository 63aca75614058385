import { requireFunction, requireName, wrongArgument } from './arguments.js';
import { emptyCell } from './cell.js';
import { captureForeign, type ForeignContext, type ForeignStates, registered } from './foreign-states.js';
import type { Frame } from './frame.js';
import { storage } from './storage.js';
import { Unit } from './unit.js';

/**
 * Makes another library's ambient context move along with ours. Process-wide; meant for integrations, at
 * module level.
 *
 * @throws TypeError where `foreign` has no name or lacks one of its functions.
 *
 * @example
 * const theirs = new AsyncLocalStorage<string>();
 * registerForeignContext<string>({
 *   name: 'theirs',
 *   capture: () => theirs.getStore(),
 *   run: (state, fn) => theirs.run(state as string, fn),
 *   fork: (state) => state,
 * });
 */
export function registerForeignContext<S>(foreign: ForeignContext<S>): void {
  const where = 'registerForeignContext';
  if (typeof foreign !== 'object' || foreign === null)
    throw wrongArgument(where, 'a ForeignContext', foreign);
  requireName(where, foreign.name);
  for (const part of [foreign.capture, foreign.run, foreign.fork]) requireFunction(where, part);
  if (foreign.adopt !== undefined) requireFunction(where, foreign.adopt);
  if (foreign.release !== undefined) requireFunction(where, foreign.release);
  const at = registered.findIndex((other) => other.name === foreign.name);
  registered[at === -1 ? registered.length : at] = foreign as ForeignContext;
}

export function forkForeign(states: ForeignStates, unit: Unit): ForeignStates {
  if (registered.length === 0) return undefined;
  if (registered.length === 1) return [(registered[0] as ForeignContext).fork(states?.[0], unit)];
  return registered.map((foreign, i) => foreign.fork(states?.[i], unit));
}

/** Where the running code is; in a context that only another library has opened, in the unit that stands for it. */
export function currentFrame(): Frame | undefined {
  return storage.getStore() ?? adoptedFrame();
}

function adoptedFrame(): Frame | undefined {
  for (let i = 0; i < registered.length; i++) {
    const foreign = registered[i] as ForeignContext;
    const unit = foreign.adopt?.((id) => {
      const opened = new Unit(foreign.name, emptyCell(), id);
      opened.start(captureForeign());
      return opened;
    });
    if (unit instanceof Unit) return unit.base;
  }
  return undefined;
}
