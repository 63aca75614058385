import { type ForeignStates, runForeign } from './foreign-states.js';
import { Frame } from './frame.js';
import { push, resume } from './overlay.js';
import { PERMANENT, Slot } from './slot.js';
import { requireRoomToLeave, storage } from './storage.js';

/** Boxed, because anything can be thrown, `undefined` too. */
export interface Failure {
  readonly error: unknown;
}

/** What is in force during one call, and for as long as its result is not settled or consumed. */
export interface Extent {
  /** Runs more of the call's work inside. */
  run<R>(fn: () => R): R;
  /** The call has settled, with `failure` where it threw or rejected. Idempotent. */
  end(failure?: Failure): void;
  /** Before `end`: a result that is being consumed has failed, which says nothing of how the call itself has ended. */
  fail?(error: unknown): void;
  /** After `end`: what the caller has to wait for, where there is something. */
  readonly ending: PromiseLike<void> | undefined;
  /** Before `end`: how to have the same in force again, for one more consumption of the result. */
  repeat(): () => Extent;
  /** The call is pending: something else may have to end it. */
  pend(): void;
  /** A stream would outlive it unnoticed, and is refused. */
  readonly temporary: boolean;
  /** Other libraries' contexts moved along, so they have to move back for a consumer's callbacks. */
  readonly movesForeign: boolean;
}

/** The extent of a `run` or of a bound function: never ends by itself. */
export class FrameExtent implements Extent {
  readonly temporary = false;
  readonly ending = undefined;
  readonly movesForeign: boolean;
  readonly #frame: Frame | undefined;
  readonly #foreign: ForeignStates;

  constructor(frame: Frame | undefined, movesForeign = false, foreign?: ForeignStates) {
    this.#frame = frame;
    this.movesForeign = movesForeign;
    this.#foreign = foreign;
  }

  run<R>(fn: () => R): R {
    if (!this.movesForeign) return storage.run(this.#frame, fn);
    requireRoomToLeave();
    return runForeign(this.#foreign, () => storage.run(this.#frame, fn));
  }

  end(): void {}

  repeat(): () => Extent {
    const frame = this.#frame;
    const slot = frame?.slot;
    // Only a `run` has a binding of its own, which each consumption may set for itself; that of a Context is the Context's.
    if (frame === undefined || slot?.lease !== PERMANENT || this.movesForeign) return () => this;
    if (frame.cell.captured?.includes(slot)) return () => this;
    const value = slot.read();
    const outer = frame.outer ?? new Frame(frame.unit, frame.cell, undefined, undefined);
    return () => new FrameExtent(push(resume(outer) ?? outer, new Slot(slot.variable, value, PERMANENT)));
  }

  pend(): void {}
}
