// The claim guarded here: `get`, `set` in place, `copyContext` and a fork cost the same with 1,000 variables in the context as with 10
// (at most 1.3 times). The first `set` after a copy grows with what the context holds, as a copied object does.

import { AsyncLocalStorage } from 'node:async_hooks';
import { measureGrowth } from '../harness/growth.mjs';
import { OWN, RAW } from '../harness/subjects.mjs';
import { own } from '../primitives/contexts.mjs';

const one = () => 1;

export const subjects = {
  [OWN]: (count, measure) =>
    own(async ({ v, copyContext }) => {
      await measure('get', () => v.get());
      await measure('set', () => v.set(2));
      await measure('copy', () => copyContext());
      await measure('fork and run', () => copyContext().run(one));
      await measure('copy + first set', () => [copyContext(), v.set(2)]);
    }, count),
  [RAW]: (count, measure) => {
    const als = new AsyncLocalStorage();
    const values = Object.fromEntries(Array.from({ length: count }, (_, i) => [`v${i}`, i]));
    return als.run(values, () => measure('copy + first set', () => ({ ...als.getStore(), v0: 2 })));
  },
};

const FLAT = ['get', 'set', 'copy', 'fork and run'];

export const benchmark = {
  title: 'Variables in the context',
  axis: 'variables',
  rounds: 3,
  run: (rounds) =>
    measureGrowth({
      file: import.meta.filename,
      subjects,
      sizes: [1, 10, 100, 1000, 10_000],
      // Five milliseconds a copy, beyond that.
      largest: { [RAW]: 1000 },
      rounds,
    }),
  claims: (of) => FLAT.map((operation) => of.growth(operation, OWN, 10, 1000, 1.3)),
};
