// How a program waits. `see` is called wherever a callback of the program runs; each pause gives a promise.

import { PAUSES } from './generate.mjs';

const NOW = Promise.resolve();

/** Promises that somebody else resolves: the next turn of the event loop, in whatever context that is asked for. */
let waiting = [];

function release() {
  const released = waiting;
  waiting = [];
  for (const resolve of released) resolve();
}

const WAYS = {
  microtask: () => NOW,
  nextTick: (see) => new Promise((resolve) => process.nextTick(called, see, resolve)),
  setImmediate: (see) => new Promise((resolve) => setImmediate(called, see, resolve)),
  setTimeout: (see) => new Promise((resolve) => setTimeout(called, 0, see, resolve)),
  // `await` calls its `then` in the context of whoever waits.
  thenable: (see) => ({
    then(resolve) {
      see();
      resolve();
    },
  }),
  elsewhere: () =>
    new Promise((resolve) => {
      if (waiting.length === 0) setImmediate(release);
      waiting.push(resolve);
    }),
};

function called(see, resolve) {
  see();
  resolve();
}

const inOrder = PAUSES.map((name) => WAYS[name]);

export function pause(p, see) {
  return inOrder[p](see);
}
