// The claim guarded here: `get()` takes at most 1.3 times (Node.js 20; 1.5 times on 24) as long as `getStore()` and the
// read of a property, and less than the same in any other library. `has` is beside it, and a `get` inside a temporary
// scope of another variable.

import { measureCalls } from '../harness/calls.mjs';
import { newer } from '../harness/node-versions.mjs';
import { CLS, CLS_SYMBOL, CPYTHON, FASTIFY, OTEL, OWN, RAW, UNCTX } from '../harness/subjects.mjs';
import { cls, fastify, otel, own, raw, unctx } from './contexts.mjs';

export const operations = {
  get: {
    [RAW]: (measure) => raw((als) => measure(() => als.getStore().v3)),
    [OWN]: (measure) => own(({ v }) => measure(() => v.get())),
    [CLS]: (measure) => cls((service) => measure(() => service.get('v3'))),
    [CLS_SYMBOL]: (measure) => cls((service, symbol) => measure(() => service.get(symbol))),
    [UNCTX]: (measure) => unctx((context) => measure(() => context.use().v3)),
    [OTEL]: (measure) => otel((context, key) => measure(() => context.active().getValue(key))),
    [FASTIFY]: (measure) => fastify((context) => measure(() => context.get('v3'))),
    [CPYTHON]: { python: 'get' },
  },
  'get in a temporary scope': {
    [RAW]: (measure) => raw((als) => als.run(als.getStore(), () => measure(() => als.getStore().v3))),
    [OWN]: (measure) =>
      own(({ v, other, withTempContext }) => withTempContext([other.as(1)], () => measure(() => v.get()))),
    [OTEL]: (measure) =>
      otel((context, key) =>
        context.with(context.active().setValue(Symbol('other'), 1), () =>
          measure(() => context.active().getValue(key)),
        ),
      ),
  },
  has: {
    [RAW]: (measure) => raw((als) => measure(() => als.getStore().v3 !== undefined)),
    [OWN]: (measure) => own(({ v }) => measure(() => v.get(undefined) !== undefined)),
    [CLS]: (measure) => cls((service) => measure(() => service.has('v3'))),
    [CLS_SYMBOL]: (measure) => cls((service, symbol) => measure(() => service.has(symbol))),
    [UNCTX]: (measure) => unctx((context) => measure(() => context.tryUse()?.v3 !== undefined)),
    [OTEL]: (measure) => otel((context, key) => measure(() => context.active().getValue(key) !== undefined)),
    [FASTIFY]: (measure) => fastify((context) => measure(() => context.get('v3') !== undefined)),
    [CPYTHON]: { python: 'has' },
  },
};

const PLAIN_PROPERTY =
  'reads a property of the one store, and need not ask whether a temporary value is in force or has ended';

export const benchmark = {
  title: 'Reading',
  reference: RAW,
  rounds: 3,
  run: (rounds) => measureCalls({ file: import.meta.filename, operations, rounds }),
  behind: {
    [`get, ${CLS_SYMBOL}`]: PLAIN_PROPERTY,
    [`get, ${FASTIFY}`]: PLAIN_PROPERTY,
    [`has, ${CLS_SYMBOL}`]: PLAIN_PROPERTY,
    [`has, ${FASTIFY}`]: PLAIN_PROPERTY,
    [`get in a temporary scope, ${OTEL}`]:
      'a context there holds all values for good, and need not ask which scopes have ended',
  },
  claims: (of) => [of.times('get', OWN, RAW, newer ? 1.5 : 1.3)],
};
