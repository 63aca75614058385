/**
 * One process, one library: the first copy that is loaded (CommonJS beside ESM, a nested install) keeps
 * its objects here, and every later copy takes them over instead of its own.
 *
 * The number is raised whenever copies on both sides of a change could not work with each other's objects.
 */
const KEY = Symbol.for('nestjs-contextvars.v1');

type Registry = Record<string, unknown>;

const root = globalThis as { [KEY]?: Registry };

/** What the first copy put under `name`; made now if this is the first. */
export function firstLoaded<T>(name: string, make: () => T): T {
  let registry = root[KEY];
  if (registry === undefined) {
    registry = Object.create(null) as Registry;
    Object.defineProperty(root, KEY, { value: registry });
  }
  registry[name] ??= make();
  return registry[name] as T;
}
