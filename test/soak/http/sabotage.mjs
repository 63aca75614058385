// Things that a library could do wrong, done on purpose: a soak that does not find them proves nothing.

import { actor, who } from './identity.mjs';

const nothing = () => {};
const kept = [];
let before = -1;

const ways = {
  /** Now and then a request gets the identity of the one before it. */
  crossed: {
    setup(n) {
      if (n % 500 === 499) who.set(before);
      before = n;
    },
  },
  /** One that nobody is going to handle. */
  unhandled: {
    setup(n) {
      if (n % 500 === 499) void Promise.reject(new Error(`the sabotage of ${n}`));
    },
  },
  /** An end that is told twice. */
  twice: {
    onEnd(n, ledger) {
      if (n % 500 === 499) ledger.onEnds[n] += 1;
    },
  },
  /** A set-up that never comes to its end. */
  lost: {
    setup: (n) => (n % 500 === 499 ? new Promise(nothing) : undefined),
  },
  /** Something of each request stays. */
  leak: {
    setup(n) {
      kept.push({ actor: actor.get(), bytes: new Array(40).fill(n) });
    },
  },
};

export function sabotageWith(name, ledger) {
  const { setup = nothing, onEnd = nothing } = ways[name] ?? {};
  return { setup, onEnd: (n) => onEnd(n, ledger) };
}
