import { bindIterable, bindIterator } from './bound-iterator.js';
import { bindObservable } from './bound-observable.js';
import { ContextError } from './context-error.js';
import type { Extent } from './extent.js';
import {
  isAsyncIterable,
  isIterator,
  isObservable,
  isPlainPromise,
  isStream,
  isThenable,
} from './lazy-result.js';
import { opaque } from './opaque.js';

const nativeThen = Promise.prototype.then;

/**
 * Runs `fn` inside `extent` and ends it when the call has settled, in the same microtask: after return,
 * throw, resolve, reject, or when a lazy result has been consumed.
 */
export function runExtent<R>(extent: Extent, fn: () => R): R {
  let result: R;
  try {
    result = extent.run(fn);
  } catch (error) {
    extent.end({ error });
    throw error;
  }
  return settle(result, extent);
}

/** Ends `extent` when `result` is settled or consumed; gives what the caller gets in its place. */
export function settle<R>(result: R, extent: Extent): R {
  if ((typeof result !== 'object' || result === null) && typeof result !== 'function') {
    extent.end();
    return result;
  }
  try {
    return follow(result as object, extent) as R;
  } catch (error) {
    // A getter of the result, or the refusal of a stream.
    extent.end({ error });
    throw error;
  }
}

function follow(result: object, extent: Extent): unknown {
  if (isPlainPromise(result)) {
    extent.pend();
    return followPromise(result, extent);
  }
  if (opaque.has(result)) {
    extent.end();
    return result;
  }
  if (typeof result === 'object') {
    if (isStream(result)) {
      if (extent.temporary) throw refusedStream();
      extent.end();
      return result;
    }
    if (isObservable(result)) {
      const again = extent.repeat();
      extent.end();
      return bindObservable(result, again);
    }
    if (isIterator(result)) {
      extent.pend();
      return bindIterator(result, extent);
    }
    if (isAsyncIterable(result)) {
      const again = extent.repeat();
      extent.end();
      return bindIterable(result, again, (own) =>
        followThenable(result as unknown as PromiseLike<unknown>, own),
      );
    }
  }
  if (isThenable(result)) {
    return followThenable(result, extent);
  }
  extent.end();
  return result;
}

// Made and resolved inside, so that `then` of the result, and of a thenable it resolves to, run inside.
export function followThenable(thenable: PromiseLike<unknown>, extent: Extent): Promise<unknown> {
  extent.pend();
  const promise = extent.run(
    () =>
      new Promise((resolve, reject) => {
        thenable.then((value) => extent.run(() => resolve(value)), reject);
      }),
  );
  return followPromise(promise, extent);
}

// Not the promise itself with a reaction beside it: work left running could then still read a temporary
// value between the microtask in which the call settles and the one in which the reaction runs.
function followPromise(promise: Promise<unknown>, extent: Extent): Promise<unknown> {
  return nativeThen.call(
    promise,
    (value) => {
      const settled = settle(value, extent);
      return extent.ending === undefined ? settled : extent.ending.then(() => settled);
    },
    (error) => {
      extent.end({ error });
      if (extent.ending === undefined) throw error;
      return extent.ending.then(() => {
        throw error;
      });
    },
  );
}

function refusedStream(): ContextError {
  return new ContextError(
    'ERR_LAZY_RESULT',
    'A stream was returned under a temporary scope: it does its work after the call has ended, without the ' +
      'temporary value. Consume it inside the scope, return an async iterable, or make the stream outside.',
  );
}
