// The claim guarded here: `copyContext()` takes less than a copy of an object with ten properties, and than `AsyncLocalStorage.snapshot()`;
// with the first `set` after it, less than nestjs-cls's copy of its store with a `set`.

import { AsyncLocalStorage } from 'node:async_hooks';
import { measureCalls } from '../harness/calls.mjs';
import { CLS, CPYTHON, OTEL, OWN, RAW } from '../harness/subjects.mjs';
import { cls, otel, own, raw } from './contexts.mjs';

export const operations = {
  copy: {
    [RAW]: (measure) => raw((als) => measure(() => ({ ...als.getStore() }))),
    'AsyncLocalStorage.snapshot': (measure) => raw(() => measure(() => AsyncLocalStorage.snapshot())),
    [OWN]: (measure) => own(({ copyContext }) => measure(() => copyContext())),
    [CLS]: (measure) => cls((service) => measure(() => ({ ...service.get() }))),
    [OTEL]: (measure) => otel((context) => measure(() => context.active())),
    [CPYTHON]: { python: 'copy' },
  },
  'copy + first set': {
    [RAW]: (measure) => raw((als) => measure(() => ({ ...als.getStore(), v3: 2 }))),
    [OWN]: (measure) => own(({ v, copyContext }) => measure(() => [copyContext(), v.set(2)])),
    [CLS]: (measure) =>
      cls((service) =>
        measure(() => {
          const copy = { ...service.get() };
          service.set('v3', 2);
          return copy;
        }),
      ),
    [OTEL]: (measure) => otel((context, key) => measure(() => context.active().setValue(key, 2))),
    [CPYTHON]: { python: 'copy + first set' },
  },
};

export const benchmark = {
  title: 'Copying',
  reference: RAW,
  rounds: 3,
  run: (rounds) => measureCalls({ file: import.meta.filename, operations, rounds }),
  behind: {
    [`copy, ${OTEL}`]:
      'a context there never changes, so that a reference to it is the copy; `setValue` pays for it',
  },
  claims: (of) => [
    of.times('copy', OWN, RAW, 1),
    of.times('copy', OWN, 'AsyncLocalStorage.snapshot', 1),
    of.times('copy + first set', OWN, CLS, 1),
  ],
};
