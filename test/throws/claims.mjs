// Where errors arrive that no caller gets: at the listeners of the process, and at console.error, to which the library
// reports. Each has to be claimed by the attempt that made it, once.
import { inspect } from 'node:util';

/** By the error that is expected: how often it is, and who waits for it. */
const expected = new Map();
/** What arrived and was not expected, in words. */
export const unclaimed = [];

/**
 * Expects `error` to arrive `times` at `where`: `uncaught` or `reported`. Gives a promise of that, and rejects where it
 * does not come.
 */
export function claim(error, where, times = 1) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`'${error.message}' was not ${where} ${times} times`)),
      10_000,
    );
    expected.set(error, { where, left: times, resolve: () => resolve(clearTimeout(timer)) });
  });
}

/** Nothing more is expected of it; a late one is unclaimed. */
export function settle(error) {
  expected.delete(error);
}

let tolerated;

/** What may arrive without a claim, until the next call. */
export function tolerate(isTolerated) {
  tolerated = isTolerated;
}

function arrive(error, where) {
  if (tolerated?.(error)) return;
  const known = expected.get(error);
  if (known === undefined || known.where !== where || known.left === 0) {
    if (unclaimed.length < 100)
      unclaimed.push(`${where}: ${inspect(error, { depth: 1 }).split('\n', 3).join(' ')}`);
    return;
  }
  known.left -= 1;
  if (known.left === 0) known.resolve();
}

process.on('uncaughtException', (error, origin) =>
  arrive(error, origin === 'unhandledRejection' ? 'unhandled' : 'uncaught'),
);
process.on('unhandledRejection', (error) => arrive(error, 'unhandled'));

/** The library reports errors as arguments of console.error. */
export const report = (...args) => {
  for (const arg of args) if (typeof arg === 'object' && arg !== null) arrive(arg, 'reported');
};
console.error = report;
