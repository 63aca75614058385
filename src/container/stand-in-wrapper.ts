import type { Method } from '../core/method-decorator.js';
import type { Scoped } from './scoped.js';

/** What a wrapper calls where it is not an ordinary call of the method that the instances are expected to have. */
export interface Forwarding {
  /** What instances are known to have under the key. */
  readonly expected: Method | undefined;
  /** Whether anything else must be forwarded. */
  readonly careful: boolean;
  /** For an instance that has something else. */
  forward(instance: object, found: unknown, args: ArrayLike<unknown>): unknown;
  /** For a `this` that is not the stand-in. */
  forwardFrom(self: unknown, args: ArrayLike<unknown>): unknown;
}

type Make = (scoped: Scoped, standIn: object, forwarding: Forwarding) => Method;

/** A function that calls what the current instance has under `key`. */
export function wrapperFor(
  scoped: Scoped,
  standIn: object,
  key: PropertyKey,
  arity: number,
  forwarding: Forwarding,
): Method {
  const make = typeof key === 'string' && arity <= 8 ? (compile(key, arity) ?? general(key)) : general(key);
  return make(scoped, standIn, forwarding);
}

function general(key: PropertyKey): Make {
  return (scoped, standIn, forwarding) =>
    // A method, because it cannot be constructed either.
    ({
      forwarded(this: unknown, ...args: unknown[]): unknown {
        if (this !== standIn) return forwarding.forwardFrom(this, args);
        const instance = scoped.use();
        return forwarding.forward(instance, (instance as Record<PropertyKey, unknown>)[key], args);
      },
    }).forwarded;
}

let compiled = 0;

/**
 * The same as source text of its own, because V8 keeps with the source text what it learns about a property access: with
 * one text for all keys a call takes half as long again (bench/primitives/stand-in.mjs). Gives nothing where code must not be made
 * from strings.
 */
function compile(key: string, arity: number): Make | undefined {
  const parameters = Array.from({ length: arity }, (_, i) => `a${i}`);
  const text = `'use strict';
return (scoped, standIn, forwarding) => ({
  forwarded(${parameters.join(', ')}) {
    if (this !== standIn) return forwarding.forwardFrom(this, arguments);
    const instance = scoped.use();
    const found = instance[${JSON.stringify(key)}];
    if (found !== forwarding.expected && (forwarding.careful || typeof found !== 'function'))
      return forwarding.forward(instance, found, arguments);
    const result = arguments.length === ${arity}
      ? found.call(${['instance', ...parameters].join(', ')})
      : found.apply(instance, arguments);
    return result === instance ? standIn : result;
  },
}).forwarded;
//# sourceURL=nestjs-contextvars/stand-in-${++compiled}.js`;
  try {
    // The number in the last line tells apart what V8 would else take for the same text.
    return new Function(text)() as Make;
  } catch {
    return undefined;
  }
}
