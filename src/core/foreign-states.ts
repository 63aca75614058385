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
}

/** One state per registered foreign context, in the order of registration; undefined where there are none. */
export type ForeignStates = readonly unknown[] | undefined;

/** In the order of registration. */
export const registered: ForeignContext[] = [];

export function captureForeign(): ForeignStates {
  return registered.length === 0 ? undefined : registered.map((foreign) => foreign.capture());
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

export function releaseForeign(states: ForeignStates): void {
  if (states === undefined) return;
  for (let i = 0; i < states.length; i++) registered[i]?.release?.(states[i]);
}
