// The claim guarded here: where a process has 50 other AsyncLocalStorage instances, a `run` is slowed down by what Node.js itself does for
// them, and by nothing of ours: it takes at most 1.5 times as long as `als.run` beside it, twice where it is awaited, and `get` at most
// 1.5 times as long as `getStore()`. (On Node.js 20 each promise is given the stores of all instances, one by one.)

import { AsyncLocalStorage } from 'node:async_hooks';
import { measureGrowth } from '../harness/growth.mjs';
import { OWN, RAW } from '../harness/subjects.mjs';
import { own, raw } from '../primitives/contexts.mjs';

const one = () => 1;
const oneLater = async () => 1;

/** Runs `body` inside `count` others, as where each library of an application has its own. */
const insideOthers = (count, body) =>
  count === 0 ? body() : new AsyncLocalStorage().run({}, () => insideOthers(count - 1, body));

export const subjects = {
  [OWN]: (count, measure) =>
    own(({ v, copyContext }) =>
      insideOthers(count, async () => {
        await measure('get', () => v.get());
        await measure('set', () => v.set(2));
        await measure('copy', () => copyContext());
        await measure('run', () => v.run(2, one));
        await measure('await run(async)', async () => await v.run(2, oneLater));
      }),
    ),
  [RAW]: (count, measure) =>
    raw((als) =>
      insideOthers(count, async () => {
        await measure('get', () => als.getStore().v3);
        await measure('run', () => als.run({ v3: 2 }, one));
        await measure('await run(async)', async () => await als.run({ v3: 2 }, oneLater));
      }),
    ),
};

export const benchmark = {
  title: 'Other AsyncLocalStorage instances',
  axis: 'other instances that are in use',
  rounds: 2,
  run: (rounds) => measureGrowth({ file: import.meta.filename, subjects, sizes: [0, 10, 50], rounds }),
  claims: (of) => [
    of.times('run', OWN, RAW, 1.5, 50),
    of.times('await run(async)', OWN, RAW, 2, 50),
    of.times('get', OWN, RAW, 1.5, 50),
  ],
};
