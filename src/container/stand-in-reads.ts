import { inspect } from 'node:util';
import { answerWithout, isAnsweredWithout } from './stand-in-absence.js';
import { isMethod } from './stand-in-function.js';
import type { StandInParts } from './stand-in-method.js';
import type { StandInMethods } from './stand-in-methods.js';

export type Read = NonNullable<ProxyHandler<object>['get']>;

/** Reads from the instance of the current unit of work. */
export function readFor(parts: StandInParts, methods: StandInMethods): Read {
  const { scoped } = parts;

  /** For an object that inherits from the stand-in too. */
  const readFrom = (instance: object, key: PropertyKey, receiver: unknown): unknown => {
    // A getter that uses a #private field needs the instance as `this`.
    const value: unknown =
      receiver === parts.standIn
        ? (instance as Record<PropertyKey, unknown>)[key]
        : Reflect.get(instance, key, receiver);
    if (value === instance) return parts.standIn;
    return isMethod(value) ? methods.at(key).give(instance, value) : value;
  };

  return (_, key, receiver) => {
    const instance = scoped.peek();
    if (instance !== undefined) return readFrom(instance, key, receiver);
    const method = methods.giveWithout(key);
    if (method !== undefined) return method;
    if (isAnsweredWithout(scoped, key)) return answerWithout(scoped, key, receiver);
    return readFrom(scoped.use(), key, receiver);
  };
}

/** `util.inspect` goes round the traps of a proxy and asks its target; nobody else does. */
export function inspectionOf({ scoped }: StandInParts): object {
  return {
    [inspect.custom](depth: number, options: object): unknown {
      const instance = scoped.peek();
      if (instance === undefined) return `[context-scoped ${scoped.name}: no instance here]`;
      return typeof instance === 'function' ? inspect(instance, { ...options, depth }) : instance;
    },
  };
}
