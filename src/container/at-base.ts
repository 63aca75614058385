import { runForeign, storage, type Unit } from '../core/internal.js';

/** Never under a temporary binding or in the branch of whoever came first: an instance must not keep a privilege. */
export function atBase<R>(unit: Unit, fn: () => R): R {
  return runForeign(unit.foreign, () => storage.run(unit.base, fn));
}
