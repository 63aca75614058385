// The claim guarded here: `variable.run(value, fn)` takes at most 1.3 times (Node.js 20; 1.15 times on 24) as long as
// `als.run` with a new object, and less than the same in any other library: `fn` with one value changed, and the others
// as they are. The store around has the shape of the new one, as all stores of an application have. "In a server" is the same where
// there is work outside any context too, which on Node.js 20 makes `als.run` faster.

import { measureCalls } from '../harness/calls.mjs';
import { newer } from '../harness/node-versions.mjs';
import { CLS, CPYTHON, OTEL, OWN, RAW, UNCTX } from '../harness/subjects.mjs';
import { cls, otel, outsideUnctx, own, ownInAServer, rawInAServer, rawOfOne } from './contexts.mjs';

const one = () => 1;
const oneLater = async () => 1;

/** The others have no variables: a value is changed in a copy of all. */
const clsRun = (service, fn) =>
  service.run({ ifNested: 'inherit' }, () => {
    service.set('v3', 2);
    return fn();
  });
const unctxRun = (context, fn) => context.call({ v3: 2 }, fn);
const otelRun = (context, key, fn) => context.with(context.active().setValue(key, 2), fn);

export const operations = {
  run: {
    [RAW]: (measure) => rawOfOne((als) => measure(() => als.run({ v3: 2 }, one))),
    [OWN]: (measure) => own(({ v }) => measure(() => v.run(2, one))),
    [CLS]: (measure) => cls((service) => measure(() => clsRun(service, one))),
    [UNCTX]: (measure) => outsideUnctx((context) => measure(() => unctxRun(context, one))),
    [OTEL]: (measure) => otel((context, key) => measure(() => otelRun(context, key, one))),
    [CPYTHON]: { python: 'run' },
  },
  'await run(async)': {
    [RAW]: (measure) => rawOfOne((als) => measure(async () => await als.run({ v3: 2 }, oneLater))),
    [OWN]: (measure) => own(({ v }) => measure(async () => await v.run(2, oneLater))),
    [CLS]: (measure) => cls((service) => measure(async () => await clsRun(service, oneLater))),
    [UNCTX]: (measure) => outsideUnctx((context) => measure(async () => await unctxRun(context, oneLater))),
    [OTEL]: (measure) => otel((context, key) => measure(async () => await otelRun(context, key, oneLater))),
  },
  'run, in a server': {
    [RAW]: (measure) => rawInAServer((als) => measure(() => als.run({ v3: 2 }, one))),
    [OWN]: (measure) => ownInAServer(({ v }) => measure(() => v.run(2, one))),
  },
  'ScopedValue.run': {
    [RAW]: (measure) => rawOfOne((als) => measure(() => als.run({ v3: 2 }, one))),
    [OWN]: (measure) =>
      own(({ ScopedValue }) => {
        const role = new ScopedValue('role');
        return measure(() => role.run(2, one));
      }),
  },
};

const FOLLOWED =
  'hands on the promise of the function; ours follows it, so that an iterator or Observable that it resolves to keeps the value';

export const benchmark = {
  title: 'Running with a value',
  reference: RAW,
  rounds: 5,
  run: (rounds) => measureCalls({ file: import.meta.filename, operations, rounds }),
  behind: {
    [`await run(async), ${CLS}`]: FOLLOWED,
    [`await run(async), ${UNCTX}`]: FOLLOWED,
    [`await run(async), ${OTEL}`]: FOLLOWED,
  },
  claims: (of) => [of.times('run', OWN, RAW, newer ? 1.15 : 1.3)],
};
