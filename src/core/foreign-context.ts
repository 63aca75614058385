import { requireFunction, requireName, wrongArgument } from './arguments.js';
import { emptyCell } from './cell.js';
import type { Frame } from './frame.js';
import { storage } from './storage.js';
import { Unit, type UnitOfWork } from './unit.js';

/**
 * Another library's ambient context (a CLS store, an OpenTelemetry context) that moves with ours. Called
 * when another Context or unit of work is entered: a unit, a task, a preserved call, `Context.run`, a bound
 * function; never for `get`, `run`, temporary scopes or `gather`.
 *
 * `S` is whatever the other library needs to find its context again; `undefined` means that none is active.
 */
export interface ForeignContext<S = unknown> {
  /** Names the other library. Registering a name again replaces what was registered under it. */
  readonly name: string;
  /** What is active now. Called where a capture is made. */
  capture(): S | undefined;
  /** Runs `fn` with `state` active, or, for `undefined`, with nothing active. */
  run<R>(state: S | undefined, fn: () => R): R;
  /** A state for a new unit of work: derived from what was captured, or a fresh one where that is `undefined`. */
  fork(state: S | undefined, unit: UnitOfWork): S | undefined;
  /**
   * Where none of our contexts is active: gives the unit of work that stands for the other library's
   * active context, made by `open` the first time, or `undefined` when it has none either. Such a unit ends
   * only where the other library says so: nobody else knows when its context is over.
   */
  adopt?(open: (id?: string) => UnitOfWork): UnitOfWork | undefined;
}

/** One state per registered foreign context, in the order of registration; undefined where there are none. */
export type ForeignStates = readonly unknown[] | undefined;

const registered: ForeignContext[] = [];

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
  const at = registered.findIndex((other) => other.name === foreign.name);
  registered[at === -1 ? registered.length : at] = foreign as ForeignContext;
}

export function captureForeign(): ForeignStates {
  return registered.length === 0 ? undefined : registered.map((foreign) => foreign.capture());
}

export function forkForeign(states: ForeignStates, unit: Unit): ForeignStates {
  return registered.length === 0
    ? undefined
    : registered.map((foreign, i) => foreign.fork(states?.[i], unit));
}

export function runForeign<R>(states: ForeignStates, fn: () => R): R {
  // Nearly always: nestjs-cls alone, without a function for each level.
  if (registered.length === 1) return (registered[0] as ForeignContext).run(states?.[0], fn);
  let inner = fn;
  // The state of a library that registered after the capture is unknown: nothing of it may be active.
  for (let i = registered.length - 1; i >= 0; i--) {
    const foreign = registered[i] as ForeignContext;
    const next = inner;
    inner = () => foreign.run(states?.[i], next);
  }
  return inner();
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
