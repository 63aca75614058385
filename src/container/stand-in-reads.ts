import { inspect } from 'node:util';
import { answerWithout, isAnsweredWithout } from './stand-in-absence.js';
import { isMethod } from './stand-in-function.js';
import type { Owner } from './stand-in-method.js';
import type { StandInMethods } from './stand-in-methods.js';

type Read = NonNullable<ProxyHandler<object>['get']>;

/** Reads from the instance of the current unit of work. */
export function readFor(owner: Owner, methods: StandInMethods): Read {
  const { scoped } = owner;

  /** For an object that inherits from the stand-in too. */
  const readFrom = (instance: object, key: PropertyKey, receiver: unknown): unknown => {
    // A getter that uses a #private field needs the instance as `this`.
    const value: unknown = Reflect.get(instance, key, receiver === owner.standIn ? instance : receiver);
    if (value === instance) return owner.standIn;
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
export function inspectionOf({ scoped }: Owner): object {
  return {
    [inspect.custom](depth: number, options: object): unknown {
      const instance = scoped.peek();
      if (instance === undefined) return `[context-scoped ${scoped.name}: no instance here]`;
      return typeof instance === 'function' ? inspect(instance, { ...options, depth }) : instance;
    },
  };
}
