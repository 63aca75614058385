// The model (see test/model) as tests: a few thousand statements of random programs, and endings under random schedules. A seed that
// fails here fails in test:model too, where it becomes a small program:
//
//   node test/model/run.mjs --seed SEED --program NUMBER

import { runMany } from '../model/bulk.mjs';
import { checkEndings } from '../model/endings.mjs';

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

/** Describes them, for the library that `require` finds. */
export function describeModel(require) {
  const library = {
    ...require('../../src/core/index.ts'),
    Scoped: require('../../src/container/internal.ts').Scoped,
  };
  // Errors are a part of the programs, and nobody reads their stacks.
  const { stackTraceLimit } = Error;
  beforeAll(() => {
    Error.stackTraceLimit = 0;
  });
  afterAll(() => {
    Error.stackTraceLimit = stackTraceLimit;
  });
  test.each(SEEDS)('programs of seed %i do what the model says', async (seed) => {
    const { failed, failure } = await runMany(library, { seed, enough: 500 });
    expect({ program: failed, what: failure?.what }).toEqual({ program: undefined, what: undefined });
  });
  test('temporary scopes end where the model says, whatever the schedule', async () => {
    expect(await checkEndings(library, { seed: 1, numRuns: 100 })).toBeUndefined();
  });
}
