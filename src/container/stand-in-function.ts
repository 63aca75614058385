// What kind of function an instance has under a key: that decides whether a stand-in gives a wrapper or the function.

import type { Method } from '../core/method-decorator.js';
import { scopedOf } from './stand-in-registry.js';

const standard: ReadonlySet<PropertyKey> = new Set(['length', 'name', 'prototype', 'arguments', 'caller']);

export function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}

/** Carries nothing of its own. A jest mock, for one, does. */
export function isBare(fn: Method): boolean {
  return Reflect.ownKeys(fn).every((key) => standard.has(key));
}

/** A value rather than a method: a class, another stand-in, or what every object or function has. */
export function isValue(fn: Method, key: PropertyKey): boolean {
  return scopedOf(fn) !== undefined || isClass(fn) || isEveryones(fn, key);
}

function isClass(fn: Method): boolean {
  const prototype = Reflect.getOwnPropertyDescriptor(fn, 'prototype');
  if (prototype === undefined) return false;
  if (prototype.writable === false) return true;
  // One of the time before `class`, if it has methods.
  const members: unknown = prototype.value;
  return (
    typeof members === 'object' &&
    members !== null &&
    Reflect.ownKeys(members).some((key) => key !== 'constructor')
  );
}

function isEveryones(fn: Method, key: PropertyKey): boolean {
  return [Object.prototype, Function.prototype].some(
    (prototype) => Reflect.getOwnPropertyDescriptor(prototype, key)?.value === fn,
  );
}
