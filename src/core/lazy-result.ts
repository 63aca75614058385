// How results are told apart that do their work only when they are consumed. Structural, because core
// depends on neither rxjs nor Nest, and because two copies of either may be in the process.

import { types } from 'node:util';

type Part = (...args: never[]) => unknown;

function has(object: object, key: PropertyKey): boolean {
  return typeof (object as Record<PropertyKey, unknown>)[key] === 'function';
}

export interface Iterates {
  next: Part;
  return?: Part;
  throw?: Part;
}

export interface Subscribable {
  subscribe: (...args: unknown[]) => unknown;
}

export function isThenable(object: object): object is PromiseLike<unknown> {
  return has(object, 'then');
}

const nativeThen = Promise.prototype.then;

/** A promise that nothing can happen to by calling its `then`. A lazy subclass begins its work there. */
export function isPlainPromise(object: object): object is Promise<unknown> {
  return types.isPromise(object) && object.then === nativeThen;
}

/** A Node stream, a web stream, or Nest's StreamableFile, which carries one. */
export function isStream(object: object): boolean {
  // A query builder or an HTTP request, which is awaited.
  if (isThenable(object)) return false;
  if (has(object, 'pipe') && has(object, 'on')) return true;
  if (has(object, 'write') && has(object, 'end') && has(object, 'on')) return true;
  if (has(object, 'getReader') || has(object, 'getWriter')) return true;
  const { readable, writable } = object as { readable?: unknown; writable?: unknown };
  if (isWeb(readable, 'getReader') && isWeb(writable, 'getWriter')) return true;
  return has(object, 'getStream') && has(object, 'getHeaders');
}

function isWeb(end: unknown, key: string): boolean {
  return typeof end === 'object' && end !== null && has(end, key);
}

export function isObservable(object: object): object is Subscribable {
  return (
    has(object, 'subscribe') &&
    (has(object, Symbol.for('observable')) || has(object, '@@observable') || has(object, 'pipe'))
  );
}

export function isIterator(object: object): object is Iterates {
  return has(object, 'next') && (has(object, Symbol.asyncIterator) || has(object, Symbol.iterator));
}

export function isAsyncIterable(object: object): object is AsyncIterable<unknown> {
  return has(object, Symbol.asyncIterator);
}
