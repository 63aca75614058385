// The claim guarded here: a copy of the context, and a run in it, takes less than a nested context of nestjs-cls with the values
// inherited, which is what keeps the sets of branches apart there; and two branches of `gather`, awaited, less than two of those.
// The function does nothing.

import { measureCalls } from '../harness/calls.mjs';
import { CLS, OTEL, OWN, RAW } from '../harness/subjects.mjs';
import { cls, otel, own, raw } from './contexts.mjs';

const one = () => 1;
const oneLater = async () => 1;

const twice = (branch) => async () => await Promise.all([branch(), branch()]);

export const operations = {
  'fork and run': {
    [RAW]: (measure) => raw((als) => measure(() => als.run({ ...als.getStore() }, one))),
    [OWN]: (measure) => own(({ copyContext }) => measure(() => copyContext().run(one))),
    [CLS]: (measure) => cls((service) => measure(() => service.run({ ifNested: 'inherit' }, one))),
    [OTEL]: (measure) => otel((context) => measure(() => context.with(context.active(), one))),
  },
  'await two branches': {
    [RAW]: (measure) => raw((als) => measure(twice(() => als.run({ ...als.getStore() }, oneLater)))),
    [OWN]: (measure) => own(({ gather }) => measure(async () => await gather([oneLater, oneLater]))),
    [CLS]: (measure) =>
      cls((service) => measure(twice(() => service.run({ ifNested: 'inherit' }, oneLater)))),
    [OTEL]: (measure) => otel((context) => measure(twice(() => context.with(context.active(), oneLater)))),
  },
};

export const benchmark = {
  title: 'Forking',
  reference: RAW,
  rounds: 3,
  run: (rounds) => measureCalls({ file: import.meta.filename, operations, rounds }),
  behind: {
    [`fork and run, ${CLS}`]:
      'copies the values into a new object, which ten do not take long; ours makes a Context that can be kept and entered again',
    [`await two branches, ${CLS}`]:
      'hands on the promises of the branches; ours follows each, so that a lazy result in it stays in its branch: a promise more',
    [`fork and run, ${OTEL}`]: 'nothing is copied there: a context is never changed',
    [`await two branches, ${OTEL}`]: 'nothing is copied there: a context is never changed',
  },
  claims: (of) => [of.times('fork and run', OWN, CLS, 1), of.times('await two branches', OWN, CLS, 1)],
};
