import type { Frame } from './frame.js';
import { type Lease, PERMANENT } from './slot.js';

// For diagnostics alone: a scope that nobody listens to has no id.

const ids = new WeakMap<Lease, number>();
let last = 0;

/** What the messages of a scope have in common. */
export function scopeId(lease: Lease): number {
  const known = ids.get(lease);
  if (known !== undefined) return known;
  last += 1;
  ids.set(lease, last);
  return last;
}

/** The id of the innermost temporary scope that is open at `frame`. */
export function scopeAround(frame: Frame | undefined): number | undefined {
  for (let at = frame; at?.slot !== undefined; at = at.outer) {
    const { lease } = at.slot;
    if (lease !== PERMANENT && !lease.ended) return scopeId(lease);
  }
  return undefined;
}
