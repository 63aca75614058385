import { type Cell, emptyCell } from './cell.js';
import { Frame } from './frame.js';
import { type Bindable, CAPTURED, isOpaque, PERMANENT, Slot } from './slot.js';
import { storage } from './storage.js';
import type { Unit } from './unit.js';

// The chain of bindings that `run` and temporary scopes lay over the cell of a Context, innermost first.

/** The innermost binding of `variable`, in force or ended. */
export function nearest(frame: Frame, variable: Bindable): Slot | undefined {
  let at: Frame | undefined = frame;
  do {
    const slot = at.slot;
    if (slot !== undefined && slot.variable === variable) return slot;
    at = at.outer;
  } while (at !== undefined);
  return undefined;
}

/** The innermost binding of `variable` that is still in force. */
export function inForce(frame: Frame, variable: Bindable): Slot | undefined {
  let at: Frame | undefined = frame;
  do {
    const slot = at.slot;
    if (slot !== undefined && slot.variable === variable && !slot.lease.ended) return slot;
    at = at.outer;
  } while (at !== undefined);
  return undefined;
}

/**
 * `frame` with one more binding. What can never be seen again is dropped, so that a poller that reschedules
 * itself inside its own scope does not grow a chain.
 */
export function push(frame: Frame, slot: Slot): Frame {
  const outer = frame.slot === undefined ? undefined : prune(frame, slot);
  return new Frame(frame.unit, frame.cell, slot, outer);
}

function prune(frame: Frame, pushed: Slot): Frame | undefined {
  const opaque = isOpaque(pushed);
  for (let at: Frame | undefined = frame; at !== undefined; at = at.outer) {
    const slot = at.slot as Slot;
    if (slot.lease.ended || (opaque && slot.variable === pushed.variable)) return rebuild(frame, pushed);
  }
  return frame;
}

/**
 * Keeps of each variable what can still be seen, now or when an inner binding ends. An ended binding that is
 * the innermost of its variable stays: a `set` there, or the read of a ScopedValue, has to say so.
 */
function rebuild(frame: Frame, pushed: Slot): Frame | undefined {
  const seen = new Map<Bindable, boolean>([[pushed.variable, isOpaque(pushed)]]);
  const kept: Slot[] = [];
  for (let at: Frame | undefined = frame; at !== undefined; at = at.outer) {
    const slot = at.slot as Slot;
    const hidden = seen.get(slot.variable);
    if (hidden === true || (hidden === false && slot.lease.ended)) continue;
    seen.set(slot.variable, isOpaque(slot));
    kept.push(slot);
  }
  return chain(frame.unit, frame.cell, kept);
}

/** Frames for `slots`, which are given innermost first. */
function chain(unit: Unit, cell: Cell, slots: readonly Slot[]): Frame | undefined {
  return slots.reduceRight<Frame | undefined>((outer, slot) => new Frame(unit, cell, slot, outer), undefined);
}

/**
 * A branch of its own in the same unit of work (`gather`): nothing that it sets is seen elsewhere, and
 * temporary bindings end with the scope they came from.
 */
export function fork(frame: Frame): Frame {
  const cell = frame.cell.fork(frame.unit);
  cell.foreign = frame.cell.foreign;
  const slots: Slot[] = [];
  const ofContext: Slot[] = [];
  for (let at: Frame | undefined = frame; at?.slot !== undefined; at = at.outer) {
    const slot = at.slot.fork();
    slots.push(slot);
    if (frame.cell.captured?.includes(at.slot)) ofContext.push(slot);
  }
  if (ofContext.length > 0) cell.captured = ofContext;
  return frameOf(frame.unit, cell, slots);
}

/** The frame in which code that enters a Context begins. */
export function frameOf(unit: Unit, cell: Cell, slots: readonly Slot[] | undefined = cell.captured): Frame {
  return (slots && chain(unit, cell, slots)) ?? new Frame(unit, cell, undefined, undefined);
}

/** Slots of its own for whoever enters what was captured. */
export function copySlots(captured: readonly Slot[]): Slot[] {
  return captured.map(copySlot);
}

function copySlot(slot: Slot): Slot {
  return new Slot(slot.variable, slot.read(), PERMANENT);
}

/**
 * The bindings of `frame` as an explicit capture keeps them: a ContextVar with the value it has now (a PEP
 * 567 copy), a ScopedValue under a temporary binding as "not here" (a privilege is not captured).
 */
export function captureSlots(frame: Frame): Slot[] | undefined {
  return seenSlots(frame)?.map(capturedSlot);
}

/**
 * The frame of each call that goes on in the live Context of `frame`. What that Context was itself captured with is
 * its own, and shared; what lies over it is captured now, with slots for each call.
 */
export function captureLive(frame: Frame): () => Frame {
  const seen = seenSlots(frame);
  if (seen === undefined) return () => frame;
  const { unit, cell } = frame;
  const ofContext = (slot: Slot) => cell.captured?.includes(slot) === true;
  const captured = seen.map((slot) => (ofContext(slot) ? slot : capturedSlot(slot)));
  const slotOfCall = (slot: Slot) => (ofContext(slot) ? slot : copySlot(slot));
  return () => frameOf(unit, cell, captured.map(slotOfCall));
}

/** The binding of each variable that a capture sees, innermost first. */
function seenSlots(frame: Frame): Slot[] | undefined {
  if (frame.slot === undefined) return undefined;
  const seen = new Set<Bindable>();
  const slots: Slot[] = [];
  for (let at: Frame | undefined = frame; at !== undefined; at = at.outer) {
    const slot = at.slot as Slot;
    const { variable, lease } = slot;
    if (seen.has(variable) || (lease.ended && !variable.scoped)) continue;
    seen.add(variable);
    slots.push(slot);
  }
  return slots;
}

function capturedSlot(slot: Slot): Slot {
  const { variable, lease } = slot;
  const kept = !variable.scoped || lease === PERMANENT ? slot.read() : CAPTURED;
  return new Slot(variable, kept, PERMANENT);
}

/** A cell with the same values and bindings, and slots of its own. */
export function copyCell(source: Cell, unit?: Unit): Cell {
  const cell = source.fork(unit);
  if (source.captured !== undefined) cell.captured = copySlots(source.captured);
  return cell;
}

/**
 * Where a later consumption of a result goes on that was made at `frame`: there, or, where that unit has ended, in the
 * unit that stands for it in this consumption; undefined where there is none.
 */
export function resume(frame: Frame): Frame | undefined {
  if (!frame.unit.ended) return frame;
  const here = storage.getStore();
  return here !== undefined && !here.unit.ended && here.unit.origin === frame.unit.origin ? here : undefined;
}

/** What a PEP 567 copy of the context at `frame` is made of; empty outside any. */
export function captureCell(frame: Frame | undefined, unit: Unit | undefined = frame?.unit): Cell {
  if (frame === undefined) return emptyCell(unit);
  const cell = frame.cell.fork(unit);
  cell.captured = captureSlots(frame);
  return cell;
}
