import { types } from 'node:util';
import type { Extent } from './extent.js';
import { type Iterates, isIterator, isPlainPromise, isThenable } from './lazy-result.js';

type Method = (...args: unknown[]) => unknown;

const ITERATES = [Symbol.iterator, Symbol.asyncIterator] as const;

const { getPrototypeOf } = Object;
/** %IteratorPrototype% and %AsyncIteratorPrototype%, which have no names. */
const ITERATOR_PROTOTYPES: Record<PropertyKey, unknown>[] = [
  getPrototypeOf(getPrototypeOf([][Symbol.iterator]())),
  getPrototypeOf(getPrototypeOf(async function* () {}.prototype)),
];

/**
 * An iterator or generator whose body runs inside `extent`, whoever calls `next()`; `extent` ends when the
 * iterator is done, has failed or is left early. Everything else of it works as before, inside too.
 */
export function bindIterator<T extends Iterates>(iterator: T, extent: Extent): T {
  const isAsync = Symbol.asyncIterator in iterator;
  const step =
    (name: 'next' | 'return' | 'throw'): Method =>
    (...args) => {
      const method = iterator[name] as Method | undefined;
      // Without one, the protocol says that the iterator simply stops.
      if (method === undefined) return leave(name, args[0]);
      return ended(() => extent.run(() => method.apply(iterator, args)), extent);
    };
  const leave = (name: string, value: unknown): unknown => {
    extent.end();
    if (name === 'throw') throw value;
    const result = { done: true, value };
    return isAsync ? Promise.resolve(result) : result;
  };
  const steps = new Map<PropertyKey, Method>([
    ['next', step('next')],
    ['return', step('return')],
    ['throw', step('throw')],
  ]);
  const bound: T = facade(iterator, extent, steps);
  for (const key of ITERATES) if (key in iterator) steps.set(key, () => bound);
  return bound;
}

/**
 * An iterable that does its work inside; each iteration has an extent of its own, and so has each `await` of
 * one that can be awaited too, which is left to `followThen`.
 */
export function bindIterable<T extends Iterable<unknown> | AsyncIterable<unknown>>(
  iterable: T,
  again: () => Extent,
  followThen: (extent: Extent) => Promise<unknown>,
): T {
  const methods = new Map<PropertyKey, Method>();
  for (const key of ITERATES) {
    if (!(key in iterable)) continue;
    methods.set(key, () => {
      const extent = again();
      extent.pend();
      const iterate = () => (iterable as unknown as Record<typeof key, () => Iterates>)[key]();
      const iterator = ended(() => extent.run(iterate), extent, false) as Iterates;
      return bindIterator(
        isIterator(iterator) ? iterator : { ...pick(iterator), [key]: () => iterator },
        extent,
      );
    });
  }
  if (isThenable(iterable)) {
    methods.set('then', (...args) => followThen(again()).then(...(args as [])));
  }
  return facade(iterable, undefined, methods);
}

function pick(iterator: Iterates): Iterates {
  const step = (name: keyof Iterates): Method => {
    return (...args) => Reflect.apply(iterator[name] as Method, iterator, args);
  };
  return {
    next: step('next'),
    ...(iterator.return && { return: step('return') }),
    ...(iterator.throw && { throw: step('throw') }),
  };
}

/** Ends `extent` when a step throws, rejects or says that it was the last one. */
function ended(step: () => unknown, extent: Extent, watch = true): unknown {
  let result: unknown;
  try {
    result = step();
  } catch (error) {
    extent.fail?.(error);
    extent.end();
    throw error;
  }
  if (!watch) return result;
  if (typeof result === 'object' && result !== null && !isPlainPromise(result) && isThenable(result)) {
    const thenable: PromiseLike<unknown> = result;
    result = extent.run(() => new Promise((resolve, reject) => void thenable.then(resolve, reject)));
  }
  if (!types.isPromise(result)) {
    if ((result as IteratorResult<unknown> | undefined)?.done === true) extent.end();
    return result;
  }
  return result.then(
    (settled) => {
      if ((settled as IteratorResult<unknown> | undefined)?.done === true) extent.end();
      return settled;
    },
    (error) => {
      extent.fail?.(error);
      extent.end();
      throw error;
    },
  );
}

function facade<T extends object>(
  target: T,
  extent: Extent | undefined,
  methods: Map<PropertyKey, Method>,
): T {
  const bound: T = new Proxy(target, {
    get(_, key) {
      const replaced = methods.get(key);
      if (replaced !== undefined) return replaced;
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function' || key === 'constructor') return value;
      // `map`, `forEach`, `Symbol.asyncDispose` and the like are built on `next` and `return`, which are ours.
      if (ITERATOR_PROTOTYPES.some((proto) => proto[key] === value)) return value.bind(bound);
      // Private fields want the target itself as `this`.
      return (...args: unknown[]) => {
        const call = () => (value as Method).apply(target, args);
        const result = extent === undefined ? call() : extent.run(call);
        return result === target ? bound : result;
      };
    },
  });
  return bound;
}
