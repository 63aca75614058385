import type { Scoped } from './scoped.js';

const scopeds = new WeakMap<object, Scoped>();

/** The stand-in of `scoped`: one object for all units of work. */
export function standInFor<T extends object>(scoped: Scoped<T>): T {
  const standIn = new Proxy({} as T, {});
  scopeds.set(standIn, scoped as Scoped);
  return standIn;
}

/** What `object` stands in for, if it is a stand-in. */
export function scopedOf(object: object): Scoped | undefined {
  return scopeds.get(object);
}
