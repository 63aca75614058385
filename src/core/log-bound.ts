import type { Cell } from './cell.js';
import { ContextError } from './context-error.js';
import type { Frame } from './frame.js';
import { setOwn } from './log-key.js';
import { LogKey } from './log-key-slot.js';
import type { LogValue } from './log-value.js';
import type { Slot } from './slot.js';
import { nextIndex } from './variables.js';

/** What is bound in one Context. Never changed in place: a fork has the same one until it binds. */
export type Bound = ReadonlyMap<string, LogValue>;

export const NOTHING_BOUND: Bound = new Map();

/** The place in every cell of what is bound there for good; under it, in slots, is what is temporary. */
const place = nextIndex();

export function boundIn(cell: Cell): Bound {
  return (cell.read(place) as Bound | undefined) ?? NOTHING_BOUND;
}

/** Changes keys of what is bound in a cell; undefined unbinds. */
export function rebind(cell: Cell, changes: Iterable<readonly [string, LogValue | undefined]>): void {
  const next = new Map(boundIn(cell));
  for (const [key, value] of changes) {
    if (value === undefined) next.delete(key);
    else next.set(key, value);
  }
  cell.write(place, next);
}

/** The innermost temporary binding of a key, in force or ended. */
export function temporaryOf(frame: Frame, key: string): Slot | undefined {
  for (let at: Frame | undefined = frame; at?.slot !== undefined; at = at.outer) {
    const { variable } = at.slot;
    if (variable instanceof LogKey && variable.key === key) return at.slot;
  }
  return undefined;
}

/** Where a bind of the key goes: the innermost temporary binding of it, else the Context. */
export function placeOf(frame: Frame, key: string): Slot | Cell {
  return temporaryOf(frame, key) ?? frame.cell;
}

/** The innermost temporary bindings that are in force. An `undefined` in one says that its key is unbound there. */
export function temporaries(slots: Iterable<Slot>): Map<string, Slot> {
  const found = new Map<string, Slot>();
  for (const slot of slots) {
    const { variable, lease } = slot;
    if (variable instanceof LogKey && !lease.ended && !found.has(variable.key)) found.set(variable.key, slot);
  }
  return found;
}

/** The slots of a frame, innermost first. */
export function* slotsAt(frame: Frame): Iterable<Slot> {
  for (let at: Frame | undefined = frame; at?.slot !== undefined; at = at.outer) yield at.slot;
}

/** What is bound in a cell with `slots` over it. */
export function boundUnder(cell: Cell, slots: Iterable<Slot>): Bound {
  const bound = boundIn(cell);
  const temporary = temporaries(slots);
  if (temporary.size === 0) return bound;
  const merged = new Map(bound);
  // Outer blocks first, and the keys of each as they were given.
  for (const [key, slot] of [...temporary].reverse()) {
    const value = slot.read() as LogValue | undefined;
    if (value === undefined) merged.delete(key);
    else merged.set(key, value);
  }
  return merged;
}

export function recordOf(bound: Bound): Record<string, LogValue> {
  const record: Record<string, LogValue> = {};
  for (const [key, value] of bound) setOwn(record, key, value);
  return record;
}

/** That the block which a key belonged to has ended. */
export function blockEnded(key: string): ContextError {
  return new ContextError(
    'ERR_SCOPE_ENDED',
    `The withLogContext block of the log key '${key}' has ended; work that outlives it cannot bind the key. ` +
      'Open a block of its own inside that work, or bind another key.',
  );
}
