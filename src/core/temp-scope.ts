import type { Channel } from 'node:diagnostics_channel';
import { ContextError } from './context-error.js';
import { bindingMessage, channels, type ScopeMessage } from './diagnostics.js';
import type { Extent } from './extent.js';
import { runExtent, settle } from './follow.js';
import { Frame } from './frame.js';
import { push, resume } from './overlay.js';
import { scopeAround, scopeId } from './scope-ids.js';
import { endLease, Lease, Slot } from './slot.js';
import { storage } from './storage.js';

// Constants to the compiler; an import is read anew at each use, which short calls notice.
const als = storage;
const { scopeStart, scopeEnd } = channels;

/**
 * Runs `fn` with one binding over `outer`, and ends the binding's lease when the call has settled. Work left running
 * still holds the frame after that, and finds the lease ended.
 *
 * Short, and without what few calls need: the compiler takes the whole of it into its caller, with `als.run`, only
 * while all of it is small. That is half its time.
 */
export function runBound<R>(outer: Frame, slot: Slot, fn: () => R, name?: string): R {
  if (scopeStart.hasSubscribers || scopeEnd.hasSubscribers)
    return runAllBound(outer, [slot], slot.lease, fn, name);
  const frame = push(outer, slot);
  let result: R;
  try {
    result = als.run(frame, fn);
    if (typeof result === 'object' || typeof result === 'function')
      return settleScope(result, frame, slot, name);
  } catch (error) {
    // Not by a call, here and below: at the end of the stack there may be no room for one, and the value would stay.
    slot.lease.ended = true;
    endSlot(slot);
    throw error;
  }
  slot.lease.ended = true;
  endSlot(slot);
  return result;
}

function endSlot(slot: Slot): void {
  endLease(slot.lease);
  slot.clear();
}

function settleScope<R>(result: R, frame: Frame, slot: Slot, name: string | undefined): R {
  return settle(result, new TempScope(frame, slot.lease, name));
}

/** The same for any number of bindings under one lease, and for those who listen. */
export function runAllBound<R>(
  outer: Frame,
  slots: readonly Slot[],
  lease: Lease,
  fn: () => R,
  name: string | undefined,
): R {
  const frame = slots.reduce(push, outer);
  publish(scopeStart, frame, lease, name);
  const scope = new TempScope(frame, lease, name);
  try {
    return runExtent(scope, fn);
  } catch (error) {
    // As above; it has ended already where there was room.
    lease.ended = true;
    throw error;
  }
}

/** The temporary scope of a call that has not settled yet. */
class TempScope implements Extent {
  readonly temporary = true;
  readonly movesForeign = false;
  readonly ending = undefined;
  readonly #frame: Frame;
  readonly #lease: Lease;
  readonly #name: string | undefined;
  #held = false;

  constructor(frame: Frame, lease: Lease, name: string | undefined) {
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
    this.#frame.unit.hold(this);
  }

  end(): void {
    if (this.#lease.ended) return;
    publish(scopeEnd, this.#frame, this.#lease, this.#name);
    endLease(this.#lease);
    // Work left running holds the frame, perhaps for long: not the values too.
    for (const slot of slotsOf(this.#frame, this.#lease)) slot.clear();
    if (this.#held) this.#frame.unit.drop(this);
  }

  repeat(): () => TempScope {
    const bound = slotsOf(this.#frame, this.#lease).map((slot) => ({
      variable: slot.variable,
      value: slot.read(),
    }));
    const outer =
      under(this.#frame, this.#lease) ?? new Frame(this.#frame.unit, this.#frame.cell, undefined, undefined);
    return () => {
      const at = resume(outer);
      if (at === undefined) throw scopeEnded(bound[0]?.variable.name ?? '');
      const lease = new Lease();
      const frame = bound.reduce(
        (under, { variable, value }) => push(under, new Slot(variable, value, lease)),
        at,
      );
      publish(scopeStart, frame, lease, this.#name);
      return new TempScope(frame, lease, this.#name);
    };
  }
}

function scopeEnded(name: string): ContextError {
  return new ContextError(
    'ERR_SCOPE_ENDED',
    `The temporary scope of '${name}' cannot be opened for this consumption: its unit of work has ended. ` +
      'Consume the result inside the unit.',
  );
}

/** The slots of one scope, in the order in which they were bound. */
function slotsOf(frame: Frame, lease: Lease): Slot[] {
  const slots: Slot[] = [];
  for (let at: Frame | undefined = frame; at?.slot?.lease === lease; at = at.outer) slots.unshift(at.slot);
  return slots;
}

/** The frame that a scope was opened over. */
function under(frame: Frame, lease: Lease): Frame | undefined {
  let at: Frame | undefined = frame;
  while (at?.slot?.lease === lease) at = at.outer;
  return at;
}

function publish(channel: Channel, frame: Frame, lease: Lease, name: string | undefined): void {
  if (!channel.hasSubscribers) return;
  const bindings = slotsOf(frame, lease).map((slot) => bindingMessage(slot.variable, slot.read()));
  const [id, parent] = [scopeId(lease), scopeAround(under(frame, lease))];
  const message: ScopeMessage = { unit: frame.unit, id, parent, name, bindings };
  channel.publish(message);
}
