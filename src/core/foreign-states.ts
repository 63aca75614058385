import type { UnitOfWork } from './unit.js';

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
  /** Called last of all when a unit of work ends, with its state: what that holds of the unit can go. Must not throw. */
  release?(state: S | undefined): void;
  /**
   * Where none of our contexts is active: gives the unit of work that stands for the other library's
   * active context, made by `open` the first time, or `undefined` when it has none either. Such a unit ends
   * only where the other library says so: nobody else knows when its context is over.
   */
  adopt?(open: (id?: string) => UnitOfWork): UnitOfWork | undefined;
  /**
   * Called where a unit of work begins that nothing was captured for, and again where the handler of a request or
   * job is reached: gives what is active now and was made for just this work, by an instrumentation that stands
   * around it, and `undefined` for what is only inherited from where a server was started or a socket opened. `known` is
   * the state of the unit of work around, which belongs to that one. Default: nothing is. Must not throw.
   */
  entry?(known: S | undefined): S | undefined;
  /** What of it crosses a process boundary in a carrier. Default: nothing. */
  readonly carried?: CarriedForeign<S>;
}

export interface CarriedForeign<S = unknown> {
  /** Names and texts, of which carriers have at most 4096 bytes in all. Must not throw. */
  write(state: S): Readonly<Record<string, string>>;
  /** The state that a carrier brings. It may come from anyone: what is malformed is nothing. Must not throw. */
  read(text: (name: string) => string | undefined): S | undefined;
  /** The state was not meant for the work that it came with, which is running: nothing of it may be seen any more. */
  forget?(state: S): void;
}

/** One state per registered foreign context, in the order of registration; undefined where there are none. */
export type ForeignStates = readonly unknown[] | undefined;

/** In the order of registration. */
export const registered: ForeignContext[] = [];

/** States that were captured outside any unit of work or came with a carrier: whoever enters them derives their own. */
const seeds = new WeakSet<readonly unknown[]>();

/** Those of them that came with a carrier. */
const carried = new WeakSet<readonly unknown[]>();

export function captureForeign(): ForeignStates {
  return registered.length === 0 ? undefined : registered.map((foreign) => foreign.capture());
}

/** For a copy that is made outside any unit of work. */
export function seedForeign(): ForeignStates {
  return asSeed(captureForeign());
}

/** What a carrier brought, as far as anybody reads it. */
export function carriedForeign(read: (foreign: ForeignContext) => unknown): ForeignStates {
  const states = registered.map(read);
  if (states.every((state) => state === undefined)) return undefined;
  carried.add(states);
  return asSeed(states);
}

function asSeed(states: ForeignStates): ForeignStates {
  if (states !== undefined) seeds.add(states);
  return states;
}

/** Whether a unit of work has yet to derive states of its own: from nothing, or from a seed. */
export function isUnforked(states: ForeignStates): boolean {
  return states === undefined || seeds.has(states);
}

export function isCarried(states: ForeignStates): boolean {
  return states !== undefined && carried.has(states);
}

export function runForeign<R>(states: ForeignStates, fn: () => R): R {
  return registered.length === 0 ? fn() : runFrom(0, states, fn);
}

/** The state of a library that registered after the capture is unknown: nothing of it may be active. */
function runFrom<R>(i: number, states: ForeignStates, fn: () => R): R {
  const foreign = registered[i] as ForeignContext;
  // Nearly always: nestjs-cls alone, without a function for each level.
  const isLast = i === registered.length - 1;
  return foreign.run(states?.[i], isLast ? fn : () => runFrom(i + 1, states, fn));
}

export function releaseForeign(states: ForeignStates): void {
  if (states === undefined) return;
  for (let i = 0; i < states.length; i++) registered[i]?.release?.(states[i]);
}
