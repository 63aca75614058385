import type { Channel } from 'node:diagnostics_channel';
import { bindingMessage, channels, type ScopeMessage } from './diagnostics.js';
import type { Extent } from './extent.js';
import { runExtent, settle } from './follow.js';
import { currentFrame } from './foreign-context.js';
import type { Frame } from './frame.js';
import { push } from './overlay.js';
import { Lease, Slot } from './slot.js';
import { storage } from './storage.js';

// Constants to the compiler; an import is read anew at each use, which short calls notice.
const als = storage;
const { scopeStart, scopeEnd } = channels;

/** The frame that a `run` or a temporary scope of the caller lies over; undefined outside any. */
export function outerFrame(): Frame | undefined {
  return als.getStore() ?? currentFrame();
}

/**
 * Runs `fn` in `frame`, which holds the bindings of `lease` over `outer`, and ends the lease when the call has
 * settled. Work left running still holds the frame after that, and finds the lease ended.
 *
 * Short, and without what few calls need: the compiler takes the whole of a temporary scope into its caller, with
 * `als.run`, only while all of it is small. That is a third of its time.
 */
export function runTemporary<R>(outer: Frame, frame: Frame, lease: Lease, fn: () => R, name?: string): R {
  if (scopeStart.hasSubscribers || scopeEnd.hasSubscribers) return runObserved(outer, frame, lease, fn, name);
  let result: R;
  try {
    result = als.run(frame, fn);
  } catch (error) {
    endLease(frame, lease);
    throw error;
  }
  if (typeof result === 'object' || typeof result === 'function')
    return settleScope(result, outer, frame, lease, name);
  endLease(frame, lease);
  return result;
}

function runObserved<R>(outer: Frame, frame: Frame, lease: Lease, fn: () => R, name?: string): R {
  publish(scopeStart, frame, lease, name);
  return runExtent(new TempScope(outer, frame, lease, name), fn);
}

function settleScope<R>(result: R, outer: Frame, frame: Frame, lease: Lease, name?: string): R {
  return settle(result, new TempScope(outer, frame, lease, name));
}

function endLease(frame: Frame, lease: Lease): void {
  lease.end();
  for (let at: Frame | undefined = frame; at?.slot?.lease === lease; at = at.outer) at.slot.clear();
}

/** The temporary scope of a call that has not settled yet. */
class TempScope implements Extent {
  readonly temporary = true;
  readonly movesForeign = false;
  readonly ending = undefined;
  readonly #outer: Frame;
  readonly #frame: Frame;
  readonly #lease: Lease;
  readonly #name: string | undefined;
  #held = false;

  constructor(outer: Frame, frame: Frame, lease: Lease, name: string | undefined) {
    this.#outer = outer;
    this.#frame = frame;
    this.#lease = lease;
    this.#name = name;
  }

  run<R>(fn: () => R): R {
    return als.run(this.#frame, fn);
  }

  pend(): void {
    if (this.#held || this.#lease.ended) return;
    this.#held = true;
    this.#outer.unit.hold(this);
  }

  end(): void {
    if (this.#lease.ended) return;
    publish(scopeEnd, this.#frame, this.#lease, this.#name);
    endLease(this.#frame, this.#lease);
    if (this.#held) this.#outer.unit.drop(this);
  }

  repeat(): () => TempScope {
    const bound = slotsOf(this.#frame, this.#lease).map((slot) => ({
      variable: slot.variable,
      value: slot.read(),
    }));
    return () => {
      const lease = new Lease();
      const frame = bound.reduce(
        (under, { variable, value }) => push(under, new Slot(variable, value, lease)),
        this.#outer,
      );
      publish(scopeStart, frame, lease, this.#name);
      return new TempScope(this.#outer, frame, lease, this.#name);
    };
  }
}

/** The slots of one scope, in the order in which they were bound. */
function slotsOf(frame: Frame, lease: Lease): Slot[] {
  const slots: Slot[] = [];
  for (let at: Frame | undefined = frame; at?.slot?.lease === lease; at = at.outer) slots.unshift(at.slot);
  return slots;
}

function publish(channel: Channel, frame: Frame, lease: Lease, name: string | undefined): void {
  if (!channel.hasSubscribers) return;
  const bindings = slotsOf(frame, lease).map((slot) => bindingMessage(slot.variable, slot.read()));
  const message: ScopeMessage = { unit: frame.unit, name, bindings };
  channel.publish(message);
}
