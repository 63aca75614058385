// The claim guarded here: `withTempContext` with one binding takes at most 1.5 times (Node.js 20; 1.2 times on 24) as long
// as `als.run` with a new object. No other library has a value that ends with its scope: beside it is what they do
// instead, a run with a copy. "In a server": as in run.mjs.

import { measureCalls } from '../harness/calls.mjs';
import { newer } from '../harness/node-versions.mjs';
import { CLS, OTEL, OWN, RAW } from '../harness/subjects.mjs';
import { cls, otel, own, ownInAServer, rawInAServer, rawOfOne } from './contexts.mjs';

const one = () => 1;
const oneLater = async () => 1;

const clsRun = (service, fn) =>
  service.run({ ifNested: 'inherit' }, () => {
    service.set('v3', 2);
    return fn();
  });
const otelRun = (context, key, fn) => context.with(context.active().setValue(key, 2), fn);

const scopes = (fn, of) => ({
  [RAW]: (measure) => rawOfOne((als) => measure(of(() => als.run({ v3: 2 }, fn)))),
  [OWN]: (measure) => own(({ v, withTempContext }) => measure(of(() => withTempContext([v.as(2)], fn)))),
  [CLS]: (measure) => cls((service) => measure(of(() => clsRun(service, fn)))),
  [OTEL]: (measure) => otel((context, key) => measure(of(() => otelRun(context, key, fn)))),
});

export const operations = {
  'temporary scope': scopes(one, (scope) => scope),
  'await a temporary scope': scopes(oneLater, (scope) => async () => await scope()),
  'temporary scope, in a server': {
    [RAW]: (measure) => rawInAServer((als) => measure(() => als.run({ v3: 2 }, one))),
    [OWN]: (measure) =>
      ownInAServer(({ v, withTempContext }) => measure(() => withTempContext([v.as(2)], one))),
  },
  'temporary scope, three values': {
    [RAW]: (measure) => rawOfOne((als) => measure(() => als.run({ v1: 2, v2: 2, v3: 2 }, one))),
    [OWN]: (measure) =>
      own(({ variables: [a, b, c], withTempContext }) =>
        measure(() => withTempContext([a.as(2), b.as(2), c.as(2)], one)),
      ),
  },
};

const NO_END = 'its value never ends: work left running keeps it, and so does what is captured';

export const benchmark = {
  title: 'Temporary scopes',
  reference: RAW,
  rounds: 5,
  run: (rounds) => measureCalls({ file: import.meta.filename, operations, rounds }),
  behind: { [`await a temporary scope, ${CLS}`]: NO_END, [`await a temporary scope, ${OTEL}`]: NO_END },
  claims: (of) => [of.times('temporary scope', OWN, RAW, newer ? 1.2 : 1.5)],
};
