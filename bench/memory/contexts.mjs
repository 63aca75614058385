// The claim guarded here: a context of ten variables holds less than 1 KiB beyond its values, and a unit of work with one less than 2 KiB.
// Beside it what other libraries hold for ten values. The values are strings that all contexts share.

import { AsyncLocalStorage } from 'node:async_hooks';
import { measureMemory } from '../harness/memory.mjs';
import { CLS, OTEL, OWN, RAW, UNCTX } from '../harness/subjects.mjs';
import { cls, KEYS, otel, own } from '../primitives/contexts.mjs';

const VALUES = KEYS.map((key) => `the value of ${key}`);
const filled = () => Object.fromEntries(KEYS.map((key, i) => [key, VALUES[i]]));
const forever = new Promise(() => {});

/** Each gives a function that makes one, and what of it is to be kept. */
export const operations = {
  'ten variables': {
    [RAW]: () => filled,
    [OWN]: () =>
      own(({ variables, Context }) => () => {
        const context = new Context();
        context.run(() => {
          for (const [i, variable] of variables.entries()) variable.set(VALUES[i]);
        });
        return context;
      }),
    [CLS]: () =>
      cls(
        (service) => () =>
          service.runWith({}, () => {
            for (const [i, key] of KEYS.entries()) service.set(key, VALUES[i]);
            return service.get();
          }),
      ),
    [UNCTX]: () => filled,
    [OTEL]: () =>
      otel((context) => {
        const keys = KEYS.map((key) => Symbol(key));
        return () => keys.reduce((above, key, i) => above.setValue(key, VALUES[i]), context.active());
      }),
  },
  'a copy that is not written to': {
    [RAW]: () => {
      const source = filled();
      return () => ({ ...source });
    },
    [OWN]: () => own(({ copyContext }) => copyContext),
    [CLS]: () => cls((service) => () => ({ ...service.get() })),
  },
  'work that waits, with ten variables': {
    [RAW]: () => {
      const als = new AsyncLocalStorage();
      return () => als.run(filled(), async () => await forever);
    },
    [OWN]: () =>
      own(
        ({ variables, runUnitOfWork }) =>
          () =>
            runUnitOfWork({ kind: 'waiting' }, async () => {
              for (const [i, variable] of variables.entries()) variable.set(VALUES[i]);
              await forever;
            }),
      ),
    [CLS]: () =>
      cls(
        (service) => () =>
          service.runWith({}, async () => {
            for (const [i, key] of KEYS.entries()) service.set(key, VALUES[i]);
            await forever;
          }),
      ),
  },
};

const PLAIN_OBJECT =
  'a plain object, whose properties are of the same shape in all: it has no unit of work, and cannot be copied without all its values';

export const benchmark = {
  title: 'Contexts',
  reference: RAW,
  rounds: 2,
  run: (rounds) => measureMemory({ file: import.meta.filename, operations, rounds }),
  behind: {
    [`ten variables, ${CLS}`]: PLAIN_OBJECT,
    [`ten variables, ${UNCTX}`]: PLAIN_OBJECT,
    [`a copy that is not written to, ${CLS}`]: PLAIN_OBJECT,
    [`work that waits, with ten variables, ${CLS}`]: PLAIN_OBJECT,
  },
  claims: (of) => [
    of.atMost('ten variables', OWN, 1024),
    of.atMost('work that waits, with ten variables', OWN, 2048),
  ],
};
