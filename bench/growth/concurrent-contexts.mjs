// The claim guarded here: `get`, `set`, `copyContext` and a fork cost the same while 1,000 other units of work wait as with 10 (at most
// 1.3 times). Entering one after the other costs more where they are many, as with an AsyncLocalStorage alone: each is read from
// farther away in memory.

import { AsyncLocalStorage } from 'node:async_hooks';
import { measureGrowth } from '../harness/growth.mjs';
import { OWN, RAW } from '../harness/subjects.mjs';
import { own, values } from '../primitives/contexts.mjs';

const one = () => 1;
const forever = new Promise(() => {});
const VARIABLES = 10;

export const subjects = {
  [OWN]: (count, measure) =>
    own(async ({ v, variables, copyContext, runUnitOfWork }) => {
      const contexts = [];
      for (let i = 0; i < count; i++) {
        void runUnitOfWork({ kind: 'waiting' }, async () => {
          for (const variable of variables) variable.set(i);
          contexts.push(copyContext());
          await forever;
        });
      }
      await measure('get', () => v.get());
      await measure('set', () => v.set(2));
      await measure('copy', () => copyContext());
      await measure('fork and run', () => copyContext().run(one));
      let next = 0;
      const read = () => v.get();
      await measure('enter each in turn', () => contexts[next++ % count].run(read));
    }, VARIABLES),
  [RAW]: async (count, measure) => {
    const als = new AsyncLocalStorage();
    const stores = [];
    for (let i = 0; i < count; i++) {
      const store = values();
      stores.push(store);
      void als.run(store, async () => await forever);
    }
    let next = 0;
    const read = () => als.getStore().v3;
    await measure('enter each in turn', () => als.run(stores[next++ % count], read));
  },
};

const FLAT = ['get', 'set', 'copy', 'fork and run'];

export const benchmark = {
  title: 'Concurrent contexts',
  axis: 'other units of work that wait',
  rounds: 2,
  run: (rounds) =>
    measureGrowth({
      file: import.meta.filename,
      subjects,
      sizes: [1, 10, 1000, 100_000],
      rounds,
    }),
  claims: (of) => FLAT.map((operation) => of.growth(operation, OWN, 10, 1000, 1.3)),
};
