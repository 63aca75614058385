import { types } from 'node:util';

/** Large data is looked at from the top only: what is deeper is found by the clone itself. */
const LIMIT = 1000;

/**
 * Where in `root` there is something that the structured clone algorithm refuses, as 'a.b is a function'; undefined
 * where nothing was found. Calls no getter.
 */
export function unclonableIn(root: unknown): string | undefined {
  const seen = new Set<unknown>();
  const found: [value: unknown, path: string][] = [[root, '']];
  for (let at = 0; at < found.length && at < LIMIT; at++) {
    const [value, path] = found[at] as [unknown, string];
    const refused = refusedKind(value);
    if (refused !== undefined) return `${path === '' ? 'it' : `'${path}'`} is ${refused}`;
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    for (const [part, key] of partsOf(value)) {
      if (found.length >= LIMIT) break;
      found.push([part, path === '' ? key : `${path}.${key}`]);
    }
  }
  return undefined;
}

function refusedKind(value: unknown): string | undefined {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value !== 'object' || value === null) return undefined;
  // First: nothing else may be asked of it.
  if (types.isProxy(value)) return 'a Proxy';
  if (types.isPromise(value)) return 'a promise (is an await missing?)';
  if (types.isGeneratorObject(value)) return 'a generator';
  if (types.isWeakMap(value) || types.isWeakSet(value)) return 'a weak collection';
  return undefined;
}

function* partsOf(value: object): Iterable<[part: unknown, key: string]> {
  if (types.isMap(value)) {
    for (const [key, part] of value) {
      yield [key, '(a key)'];
      yield [part, '(a value)'];
    }
  } else if (types.isSet(value)) {
    for (const part of value) yield [part, '(a member)'];
  } else if (!types.isBoxedPrimitive(value) && !ArrayBuffer.isView(value) && !types.isNativeError(value)) {
    for (const key in value) {
      const property = Object.getOwnPropertyDescriptor(value, key);
      if (property !== undefined && 'value' in property) yield [property.value, key];
    }
  }
}
