import type { Scoped } from './scoped.js';
import { fieldsOf } from './stand-in-fields.js';
import { StandInMethods } from './stand-in-methods.js';
import { inspectionOf, readFor } from './stand-in-reads.js';
import { registerStandIn } from './stand-in-registry.js';
import { trapsOf } from './stand-in-traps.js';

export { scopedOf } from './stand-in-registry.js';

/**
 * The stand-in of `scoped`: one object for all units of work, which behaves as the instance of the current one.
 *
 * It cannot be what the language asks of the object itself and not of its properties: `structuredClone` refuses it,
 * `Array.isArray` and `Object.isFrozen` say false.
 */
export function standInFor<T extends object>(scoped: Scoped<T>): T {
  const target = scoped.callable ? constructibleTarget() : {};
  const parts = { scoped: scoped as Scoped, target, standIn: target };
  const methods = new StandInMethods(parts);
  const traps = trapsOf(parts, methods);
  const read = readFor(parts, methods);
  const inspection = inspectionOf(parts);
  if (scoped.type === undefined) {
    traps.get = read;
    Object.setPrototypeOf(target, inspection);
  } else {
    // The target has the methods of the class, and its prototype the trap for all else: a proxy gives what it has no
    // trap for in less time than it takes to call one.
    const fields = fieldsOf(parts, read);
    const get: typeof read = (_, key, receiver) =>
      receiver === target ? Reflect.get(inspection, key) : fields(target, key, receiver);
    Object.setPrototypeOf(target, new Proxy({}, { get }));
  }
  parts.standIn = new Proxy(target, traps);
  registerStandIn(parts.standIn, parts.scoped);
  return parts.standIn as T;
}

/** A function that can be called and constructed, and has nothing that cannot be deleted, as `prototype`. */
function constructibleTarget(): object {
  const target: object = class {}.bind(undefined);
  for (const key of Reflect.ownKeys(target)) Reflect.deleteProperty(target, key);
  return target;
}
