// What a stand-in answers where there is no instance, without making one: what frameworks, tools and the language
// itself ask of any object.

import type { Scoped } from './scoped.js';

/** Answered by an instance or not at all. */
const probes: ReadonlySet<PropertyKey> = new Set([
  'then',
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
  // jest and vitest ask each value that they compare.
  'asymmetricMatch',
]);

const wellKnown: ReadonlySet<unknown> = new Set([
  ...Object.getOwnPropertyNames(Symbol).map((name) => Symbol[name as keyof typeof Symbol] as unknown),
  Symbol.for('nodejs.util.inspect.custom'),
]);

export function isProbe(key: PropertyKey): boolean {
  return probes.has(key);
}

/** Whether `key` is answered without an instance where there is none. */
export function isAnsweredWithout(scoped: Scoped, key: PropertyKey): boolean {
  if (probes.has(key)) return true;
  const { usable } = scoped;
  // Nothing else is known of what a factory gives, and here it can be asked.
  if (usable && scoped.type === undefined) return key in Object.prototype;
  if (typeof key === 'symbol') return !usable || wellKnown.has(key);
  return (
    key === 'toJSON' || key in Object.prototype || (scoped.callable && !usable && key in Function.prototype)
  );
}

export function answerWithout(scoped: Scoped, key: PropertyKey, receiver: unknown): unknown {
  if (probes.has(key)) return undefined;
  // The only accessor of Object.prototype; those of the class need an instance.
  if (key === '__proto__') return Reflect.get(Object.prototype, key, receiver);
  return propertyOf(prototypeOf(scoped), key)?.value;
}

/** What the instances are known to inherit from. */
export function prototypeOf(scoped: Scoped): object {
  const prototype = scoped.type?.prototype as object | undefined;
  return prototype ?? (scoped.callable ? Function.prototype : Object.prototype);
}

/** A property of `object`, its own or an inherited one. */
export function propertyOf(object: object, key: PropertyKey): PropertyDescriptor | undefined {
  for (let holder: object | null = object; holder !== null; holder = Reflect.getPrototypeOf(holder)) {
    const property = Reflect.getOwnPropertyDescriptor(holder, key);
    if (property !== undefined) return property;
  }
  return undefined;
}
