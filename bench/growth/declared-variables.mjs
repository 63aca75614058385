// The claim guarded here: where a process declares 1,000 variables, of which a unit of work sets the last ten, `get` and `set` cost the same as
// with 10 (at most 1.3 times). A unit has room for as many values as were declared before the last one that it sets, up to a thousand; beyond
// that they are kept in a table, which takes longer.

import { measureGrowth } from '../harness/growth.mjs';
import { OWN } from '../harness/subjects.mjs';

export const subjects = {
  [OWN]: async (count, measure) => {
    const { ContextVar, runUnitOfWork } = await import('nestjs-contextvars/core');
    const variables = Array.from({ length: count }, (_, i) => new ContextVar(`v${i}`)).slice(-10);
    const setAll = () => {
      for (const variable of variables) variable.set(1);
    };
    const [v] = variables;
    await measure('a unit of work that sets ten', () => runUnitOfWork({ kind: 'other' }, setAll));
    await runUnitOfWork({ kind: 'bench' }, async () => {
      setAll();
      await measure('get', () => v.get());
      await measure('set', () => v.set(2));
    });
  },
};

export const benchmark = {
  title: 'Variables that are declared',
  axis: 'declared variables',
  rounds: 3,
  run: (rounds) =>
    measureGrowth({ file: import.meta.filename, subjects, sizes: [10, 100, 1000, 10_000], rounds }),
  claims: (of) => ['get', 'set'].map((operation) => of.growth(operation, OWN, 10, 1000, 1.3)),
};
