// Makes a program that fails small: fast-check drives, the shrinker of programs steers.

import fc from 'fast-check';
import { programs } from './shrink.mjs';

/**
 * `fails(program)` gives the failure, if there is one. Gives `{ program, failure }`, or undefined where the program does not
 * fail any more: what went wrong then depends on what else was running.
 */
export async function smallest(program, fails) {
  const property = fc.asyncProperty(programs(), async (candidate) => (await fails(candidate)) === undefined);
  const { failed, counterexample } = await fc.check(property, {
    examples: [[program]],
    numRuns: 1,
    endOnFailure: false,
  });
  if (!failed) return undefined;
  return { program: counterexample[0], failure: await fails(counterexample[0]) };
}
