// The claim guarded here: a function is bound, and a bound one called, in less time than with `AsyncLocalStorage.bind`.

import { AsyncLocalStorage } from 'node:async_hooks';
import { measureCalls } from '../harness/calls.mjs';
import { OTEL, OWN, RAW } from '../harness/subjects.mjs';
import { otel, own, raw } from './contexts.mjs';

const one = () => 1;

export const operations = {
  bind: {
    [RAW]: (measure) => raw(() => measure(() => AsyncLocalStorage.bind(one))),
    [OWN]: (measure) => own(({ bindContext }) => measure(() => bindContext(one))),
    [OTEL]: (measure) => otel((context) => measure(() => context.bind(context.active(), one))),
  },
  'call of a bound function': {
    [RAW]: (measure) => raw(() => measure(AsyncLocalStorage.bind(one))),
    [OWN]: (measure) => own(({ bindContext }) => measure(bindContext(one))),
    [OTEL]: (measure) => otel((context) => measure(context.bind(context.active(), one))),
  },
};

export const benchmark = {
  title: 'Binding a function',
  reference: RAW,
  rounds: 3,
  run: (rounds) => measureCalls({ file: import.meta.filename, operations, rounds }),
  behind: {
    [`bind, ${OTEL}`]: 'gives the function no name, and captures nothing but its own context',
    [`call of a bound function, ${OTEL}`]:
      'does not look at what the function gives, which may do its work later',
  },
  claims: (of) => [of.times('bind', OWN, RAW, 1), of.times('call of a bound function', OWN, RAW, 1)],
};
