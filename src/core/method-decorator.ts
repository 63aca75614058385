import { wrongArgument } from './arguments.js';

export type Method = (...args: never[]) => unknown;

/** The part of reflect-metadata that is used where it is present; core works without it. */
interface MetadataReflect {
  getOwnMetadataKeys?(target: object): unknown[];
  getOwnMetadata?(key: unknown, target: object): unknown;
  defineMetadata?(key: unknown, value: unknown, target: object): void;
}

/** Makes a decorator that puts `make(method, 'Class.method')` in a method's place. */
export function wrapMethod(where: string, make: (method: Method, name: string) => Method): MethodDecorator {
  return (target, key, descriptor) => {
    // Undefined where it decorates a property, without a value where it decorates an accessor.
    const method: unknown = (descriptor as PropertyDescriptor | undefined)?.value;
    if (typeof method !== 'function') throw wrongArgument(where, 'a method to decorate', method);
    const owner = typeof target === 'function' ? target.name : target.constructor.name;
    const replacement = make(method as Method, `${owner}.${String(key)}`);
    (descriptor as PropertyDescriptor).value = standIn(replacement, method as Method);
  };
}

/**
 * Gives `replacement` what others look for on `original`: name, length, own properties, and the metadata
 * that decorators below have put there (Nest reads routes, guards and message patterns from the function).
 */
export function standIn<F extends Method>(replacement: F, original: Method): F {
  for (const key of Reflect.ownKeys(original)) {
    if (key === 'prototype' || key === 'arguments' || key === 'caller') continue;
    const property = Object.getOwnPropertyDescriptor(original, key);
    if (property !== undefined) Object.defineProperty(replacement, key, property);
  }
  const reflect = Reflect as MetadataReflect;
  for (const key of reflect.getOwnMetadataKeys?.(original) ?? []) {
    reflect.defineMetadata?.(key, reflect.getOwnMetadata?.(key, original), replacement);
  }
  return replacement;
}
