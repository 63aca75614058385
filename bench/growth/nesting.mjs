// The claim guarded here: a `get` of the innermost value costs the same under 100 temporary scopes as under 10 (at most 1.3 times).
// What looks past them grows with their number: a `get` of a variable that was set outside all of them, one more scope, which
// looks for what has ended, and copies, which keep what is in force. A request seldom is under more than five.

import { measureGrowth } from '../harness/growth.mjs';
import { OWN } from '../harness/subjects.mjs';
import { own } from '../primitives/contexts.mjs';

const one = () => 1;

/** Each scope is one of a variable of its own, so that none hides another. */
const under = (variables, withTempContext, body) =>
  variables.length === 0
    ? body()
    : withTempContext([variables[0].as(1)], () => under(variables.slice(1), withTempContext, body));

export const subjects = {
  [OWN]: (depth, measure) =>
    own(({ v, other, ContextVar, withTempContext, copyContext }) => {
      const variables = Array.from({ length: depth }, (_, i) => new ContextVar(`scope${i}`));
      return under(variables, withTempContext, async () => {
        await measure('get, innermost', () => variables.at(-1).get());
        await measure('get, set outside all', () => v.get());
        await measure('one more scope', () => withTempContext([other.as(2)], one));
        await measure('run', () => other.run(2, one));
        await measure('copy', () => copyContext());
      });
    }),
};

export const benchmark = {
  title: 'Depth of nesting',
  axis: 'temporary scopes around the call',
  rounds: 2,
  run: (rounds) => measureGrowth({ file: import.meta.filename, subjects, sizes: [1, 10, 100, 1000], rounds }),
  claims: (of) => [of.growth('get, innermost', OWN, 10, 100, 1.3)],
};
