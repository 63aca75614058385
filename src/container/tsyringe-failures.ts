import { ContextError } from '../core/index.js';
import { isTsyringes } from './tsyringe-errors.js';

/** The error that is on its way out of the resolution that is going on; boxed, because anything can be thrown. */
let passing: { readonly error: unknown } | undefined;
let depth = 0;

/**
 * Runs a part of a resolution so that an error which `keeps` is true of arrives as it was thrown: tsyringe puts what is
 * thrown while it makes a dependency into a new Error, and keeps no more of it than the text.
 */
function passingOn<R>(keeps: (error: unknown) => boolean, fn: () => R): R {
  depth += 1;
  try {
    const result = fn();
    // Whoever has caught it has dealt with it.
    passing = undefined;
    return result;
  } catch (error) {
    if (passing !== undefined && wraps(error, passing.error)) throw passing.error;
    if (keeps(error)) passing = { error };
    throw error;
  } finally {
    depth -= 1;
    if (depth === 0) passing = undefined;
  }
}

/** Lets our own errors through, and leaves every other one to tsyringe. */
export function passingContextErrors<R>(fn: () => R): R {
  return passingOn((error) => error instanceof ContextError, fn);
}

/** Lets every error through but tsyringe's own, whose text is the path to the dependency that it does not know. */
export function passingErrors<R>(fn: () => R): R {
  return passingOn((error) => !isTsyringes(error), fn);
}

function wraps(outer: unknown, inner: unknown): boolean {
  const message = (inner as Partial<Error> | null | undefined)?.message;
  // tsyringe fails itself on what is thrown without a message.
  if (typeof message !== 'string') return outer instanceof TypeError;
  const indented = message.split('\n').map((line) => `    ${line}`);
  return isTsyringes(outer) && outer.message.endsWith(indented.join('\n'));
}
