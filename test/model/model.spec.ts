// A few thousand statements of random programs against the model, with the tests that run each time. The long runs are
// `npm run test:model`; a seed that fails here fails there too, where it becomes a small program:
//
//   node test/model/run.mjs --seed SEED --program NUMBER

import { Scoped } from '../../src/container/internal.js';
import * as core from '../../src/core/index.js';

type Outcome = { failed: number | undefined; failure: { what: string } | undefined };
type Bulk = { runMany(core: object, options: { seed: number; enough: number }): Promise<Outcome> };
type Endings = {
  checkEndings(core: object, options: { seed: number; numRuns: number }): Promise<string | undefined>;
};

const library = { ...core, Scoped };

jest.setTimeout(60_000);

// Errors are a part of the programs, and nobody reads their stacks.
const { stackTraceLimit } = Error;
beforeAll(() => {
  Error.stackTraceLimit = 0;
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

test.each([1, 2, 3, 4])('programs of seed %i do what the model says', async (seed) => {
  const { runMany } = (await import('./bulk.mjs' as string)) as Bulk;
  const { failed, failure } = await runMany(library, { seed, enough: 3000 });
  expect({ program: failed, what: failure?.what }).toEqual({ program: undefined, what: undefined });
});

test('temporary scopes end where the model says, whatever the schedule', async () => {
  const { checkEndings } = (await import('./endings.mjs' as string)) as Endings;
  expect(await checkEndings(library, { seed: 1, numRuns: 100 })).toBeUndefined();
});
