import { opaque } from '../core/internal.js';
import type { Scoped } from './scoped.js';

const scopeds = new WeakMap<object, Scoped>();

export function registerStandIn(standIn: object, scoped: Scoped): void {
  scopeds.set(standIn, scoped);
  opaque.add(standIn);
}

/** What `object` stands in for, if it is a stand-in. */
export function scopedOf(object: object): Scoped | undefined {
  return scopeds.get(object);
}
