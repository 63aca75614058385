import { wrongArgument } from './arguments.js';
import { bindIterable as bindInside, bindIterator } from './bound-iterator.js';
import { captureExtent } from './captured-extent.js';
import { followThenable } from './follow.js';
import { isIterator } from './lazy-result.js';

/**
 * The iterator, generator or iterable, synchronous or asynchronous, as one whose body runs in the live Context
 * of this moment, whoever consumes it; by itself a generator runs in the context of whoever calls `next()`. Of an
 * iterable, each iteration. Bindings are captured as by {@link bindContext}; everything else of it works as before.
 *
 * @throws TypeError where it cannot be iterated over; a string is refused too.
 *
 * @example
 * queue.push(bindIterable(rowsOf(order))); // read by a worker that serves other requests too
 */
export function bindIterable<T extends Iterable<unknown> | AsyncIterable<unknown>>(iterable: T): T {
  const object: unknown = iterable;
  if (typeof object !== 'object' || object === null || !(isIterable(object) || isIterator(object))) {
    throw wrongArgument('bindIterable', 'an iterable or an iterator that is one', iterable);
  }
  const extent = captureExtent();
  if (isIterator(object)) return bindIterator(object, extent()) as typeof object & T;
  return bindInside(object, extent, (own) =>
    followThenable(object as unknown as PromiseLike<unknown>, own),
  ) as T & typeof object;
}

function isIterable(object: object): object is Iterable<unknown> | AsyncIterable<unknown> {
  const { [Symbol.iterator]: iterator, [Symbol.asyncIterator]: asyncIterator } = object as Partial<
    Iterable<unknown> & AsyncIterable<unknown>
  >;
  return typeof iterator === 'function' || typeof asyncIterator === 'function';
}
