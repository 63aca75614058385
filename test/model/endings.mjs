// The endings of temporary scopes, with fast-check as the scheduler: it decides which pause of a program is over next.

import { setImmediate as macrotask } from 'node:timers/promises';
import fc from 'fast-check';
import { orNever } from './bulk.mjs';
import { generate } from './generate.mjs';
import { interpret } from './interpret.mjs';
import { print } from './print.mjs';
import { programs } from './shrink.mjs';
import { environmentOf } from './variables.mjs';

/** Gives undefined, or what has failed as text. */
export async function checkEndings(core, { seed, numRuns }) {
  const environment = environmentOf(core);
  const small = programs((random) => generate(random, 24, 'endings'));
  const fails = async (program, scheduler) => {
    const pause = () => scheduler.schedule(Promise.resolve());
    const execution = interpret(environment, program, { thorough: true, pause });
    // It takes some microtasks without a task for idleness, which a program may need between two pauses.
    do {
      await scheduler.waitIdle();
      await macrotask();
    } while (scheduler.count() > 0);
    return orNever([execution]);
  };
  let last;
  const property = fc.asyncProperty(small, fc.scheduler(), async (program, scheduler) => {
    const failure = await fails(program, scheduler);
    if (failure === undefined) return true;
    last = `${print(program, failure)}\n\n${scheduler}`;
    return false;
  });
  const { failed, counterexamplePath } = await fc.check(property, { seed, numRuns });
  return failed ? `${last}\n\nseed ${seed}, path ${counterexamplePath}` : undefined;
}
