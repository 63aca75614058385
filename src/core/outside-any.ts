import { runForeign } from './foreign-states.js';
import { storage } from './storage.js';

/** Runs `fn` outside any context, whatever it is called in. */
export function outsideAny<R>(fn: () => R): R {
  return runForeign(undefined, () => storage.run(undefined, fn));
}
