// The claim guarded here: `set`, and `set` with `reset`, take less than the same in nestjs-cls. Others change a property of an
// object, and keep nothing to set it back by: the row says what they save.

import { measureCalls } from '../harness/calls.mjs';
import { CLS, CLS_SYMBOL, CPYTHON, FASTIFY, OWN, RAW } from '../harness/subjects.mjs';
import { cls, fastify, own, raw } from './contexts.mjs';

export const operations = {
  set: {
    [RAW]: (measure) =>
      raw((als) =>
        measure(() => {
          als.getStore().v3 = 2;
        }),
      ),
    [OWN]: (measure) => own(({ v }) => measure(() => v.set(2))),
    [CLS]: (measure) => cls((service) => measure(() => service.set('v3', 2))),
    [CLS_SYMBOL]: (measure) => cls((service, symbol) => measure(() => service.set(symbol, 2))),
    [FASTIFY]: (measure) => fastify((context) => measure(() => context.set('v3', 2))),
    [CPYTHON]: { python: 'set' },
  },
  'set + reset': {
    [RAW]: (measure) =>
      raw((als) =>
        measure(() => {
          const old = als.getStore().v3;
          als.getStore().v3 = 2;
          als.getStore().v3 = old;
        }),
      ),
    [OWN]: (measure) => own(({ v }) => measure(() => v.reset(v.set(2)))),
    [CLS]: (measure) =>
      cls((service) =>
        measure(() => {
          const old = service.get('v3');
          service.set('v3', 2);
          service.set('v3', old);
        }),
      ),
    [CLS_SYMBOL]: (measure) =>
      cls((service, symbol) =>
        measure(() => {
          const old = service.get(symbol);
          service.set(symbol, 2);
          service.set(symbol, old);
        }),
      ),
    [FASTIFY]: (measure) =>
      fastify((context) =>
        measure(() => {
          const old = context.get('v3');
          context.set('v3', 2);
          context.set('v3', old);
        }),
      ),
    [CPYTHON]: { python: 'set + reset' },
  },
};

const PLAIN_PROPERTY =
  'writes a property of a shared object: no token that says whose set it was and what was there, no check that it is reset once and in its place';

export const benchmark = {
  title: 'Setting',
  reference: RAW,
  rounds: 3,
  run: (rounds) => measureCalls({ file: import.meta.filename, operations, rounds }),
  behind: {
    [`set, ${FASTIFY}`]: PLAIN_PROPERTY,
    [`set, ${CLS_SYMBOL}`]: PLAIN_PROPERTY,
    [`set + reset, ${FASTIFY}`]: PLAIN_PROPERTY,
    [`set + reset, ${CLS_SYMBOL}`]: PLAIN_PROPERTY,
  },
  claims: (of) => [of.times('set', OWN, CLS, 1), of.times('set + reset', OWN, CLS, 1)],
};
