import { requireFunction, requireName, wrongArgument } from './arguments.js';
import { emptyCell } from './cell.js';
import {
  captureForeign,
  type ForeignContext,
  type ForeignStates,
  isCarried,
  registered,
  runForeign,
} from './foreign-states.js';
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
  const { adopt, release, entry, carried } = foreign;
  for (const part of [adopt, release, entry]) if (part !== undefined) requireFunction(where, part);
  if (carried !== undefined) {
    if (typeof carried !== 'object' || carried === null)
      throw wrongArgument(where, 'an object as carried', carried);
    for (const part of [carried.write, carried.read]) requireFunction(where, part);
    if (carried.forget !== undefined) requireFunction(where, carried.forget);
  }
  const at = registered.findIndex((other) => other.name === foreign.name);
  registered[at === -1 ? registered.length : at] = foreign as ForeignContext;
}

export function forkForeign(states: ForeignStates, unit: Unit): ForeignStates {
  if (registered.length === 0) return undefined;
  const brought = isCarried(states);
  // Nearly always: nestjs-cls alone.
  if (registered.length === 1) return [forkOne(0, states, brought, unit)];
  return registered.map((_, i) => forkOne(i, states, brought, unit));
}

function forkOne(i: number, states: ForeignStates, brought: boolean, unit: Unit): unknown {
  const foreign = registered[i] as ForeignContext;
  const state = states?.[i];
  if (foreign.entry === undefined || (state !== undefined && !brought)) return foreign.fork(state, unit);
  // Of a message that brought something, an instrumentation has made more of it by now.
  const entry = foreign.entry(storage.getStore()?.unit.foreign?.[i]);
  return foreign.fork(entry ?? state, unit);
}

/**
 * The work that a unit was opened for has been reached, in the unit: what an instrumentation has opened for it on the way,
 * inside our own opening, belongs to the whole unit.
 */
export function meetEntry(unit: Unit): void {
  if (storage.getStore()?.unit !== unit) return;
  for (let i = 0; i < registered.length; i++) {
    const entry = registered[i]?.entry?.(unit.foreign?.[i]);
    if (entry !== undefined) unit.moveForeign(i, entry);
  }
}

/** Runs `fn` outside any unit of work, with what others have opened for just what it is. */
export function outsideUnits<R>(fn: () => R): R {
  const states = registered.map((foreign) => foreign.entry?.(undefined));
  return runForeign(states, () => storage.run(undefined, fn));
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
