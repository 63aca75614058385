// From the number of a program that has failed to a small one that anybody can read.

import { programOf, runOne } from './bulk.mjs';
import { print } from './print.mjs';
import { smallest } from './smallest.mjs';

const HEAD = `// a, b, c, d are ContextVars (b has the default 'default'), s and t are ScopedValues. Calls that are not awaited
// go on by themselves; what a body throws is caught where it is called, unless that says otherwise. Where there is
// no Context yet to enter, an empty one is made; what else is not there (a token, a function) is not used.
`;

/** The program as text, as small as it can be made while it fails; undefined where it does not fail any more. */
export async function explain(core, seed, number) {
  const program = programOf(seed, number);
  const neighbours = Array.from({ length: 49 }, (_, i) => programOf(seed, Math.max(0, number - 25) + i));
  for (const beside of [[], neighbours]) {
    const found = await smallest(program, (candidate) => often(() => runOne(core, candidate, beside)));
    if (found === undefined) continue;
    const among = beside.length === 0 ? '' : `// Only among ${beside.length} others.\n`;
    return `${HEAD}${among}${print(found.program, found.failure)}`;
  }
  return undefined;
}

/** Timers and turns of the event loop do not come in the same order each time. */
async function often(run) {
  for (let i = 0; i < 3; i++) {
    const failure = await run();
    if (failure !== undefined) return failure;
  }
  return undefined;
}
