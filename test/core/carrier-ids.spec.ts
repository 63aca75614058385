// The ids of a request go with it, without a variable of the application.

import {
  Context,
  ContextVar,
  codecs,
  currentCorrelationId,
  currentRequestId,
  currentUnit,
  extractContext,
  injectContext,
  runUnitOfWork,
} from '../../src/core/index.js';
import { correlationId, requestId } from '../../src/core/internal.js';
import { coreError } from './support/core-error.js';
import { thrownBy } from './support/outcome.js';

const tenant = new ContextVar('tenant', { codec: codecs.string });

function inRequest<R>(fn: () => R): R {
  return runUnitOfWork({ kind: 'http' }, () => {
    requestId.set('r-1');
    correlationId.set('c-1');
    return fn();
  });
}

test('the ids of a job are those of the request that has sent it', () => {
  const carrier = inRequest(() => injectContext());
  runUnitOfWork({ kind: 'job', context: extractContext(carrier) }, () => {
    expect([currentRequestId(), currentCorrelationId()]).toEqual(['r-1', 'c-1']);
    expect(currentUnit()?.id).not.toBe('r-1');
  });
});

test('where no request is, both are the id of the unit of work', () => {
  runUnitOfWork({ kind: 'cron', id: 'tick-1' }, () => {
    expect([currentRequestId(), currentCorrelationId()]).toEqual(['tick-1', 'tick-1']);
    // Which is no variable: a carrier has what is set.
    expect(injectContext()).toEqual({});
  });
  runUnitOfWork({ kind: 'cron' }, () => expect(currentRequestId()).toBe(currentUnit()?.id));
});

test('where only a request id is, it is that of the conversation too', () => {
  new Context().run(() => {
    requestId.set('r-1');
    expect(currentCorrelationId()).toBe('r-1');
  });
});

test('outside any unit of work they are undefined', () => {
  expect([currentRequestId(), currentCorrelationId()]).toEqual([undefined, undefined]);
});

test('they are taken where accept takes no variable, and left where they are not wanted', () => {
  const carrier = inRequest(() => tenant.run('acme', () => injectContext()));
  const names = (options: object): string[] =>
    [...extractContext(carrier, options).keys()].map(({ name }) => name);
  const ids = ['context.correlationId', 'context.requestId'];
  expect(names({}).sort()).toEqual([...ids, 'tenant']);
  expect(names({ accept: () => false }).sort()).toEqual(ids);
  expect(names({ acceptIds: false })).toEqual(['tenant']);
  expect(names({ acceptIds: false, accept: () => false })).toEqual([]);
});

const NO_IDS = [
  '',
  ' ',
  'a b',
  'a\nb',
  'a"b',
  'é',
  'a'.repeat(129),
  'a\u0000',
  '<script>',
  'a,b',
  '$(x)',
  'a\n',
];

test.each(NO_IDS)('%j is none: a carrier that has it is refused', (id) => {
  for (const name of ['context.correlationId', 'context.requestId']) {
    const text = JSON.stringify({ v: 1, vars: [[name, id]] }).replaceAll('é', '\\u00e9');
    expect(() => extractContext({ contextvars: text })).toThrow(coreError('ERR_INVALID_CARRIER'));
    expect(extractContext({ contextvars: text }, { acceptIds: false }).size).toBe(0);
  }
});

test.each(NO_IDS)('%j is not written either', (id) => {
  const error = new Context().run(() => {
    requestId.set(id);
    return thrownBy(() => injectContext());
  });
  expect(error).toEqual(coreError('ERR_NOT_PORTABLE'));
});

test.each(['a', 'A.b_c-9', 'a'.repeat(128), 'b9a1c5c8-5b0e-4f0e-9d5e-0a3c6f0b1d2e'])('%j is one', (id) => {
  const carrier = new Context().run(() => {
    requestId.set(id);
    return injectContext();
  });
  expect(extractContext(carrier).get(requestId)).toBe(id);
});

test('an application may have portable variables called requestId and correlationId of its own', () => {
  const own = [
    new ContextVar('requestId', { codec: codecs.string }),
    new ContextVar('correlationId', { codec: codecs.string }),
  ];
  const carrier = inRequest(() => {
    for (const variable of own) variable.set(`own ${variable.name}`);
    return injectContext();
  });
  const context = extractContext(carrier);
  expect(own.map((variable) => context.get(variable))).toEqual(['own requestId', 'own correlationId']);
  expect([context.get(requestId), context.get(correlationId)]).toEqual(['r-1', 'c-1']);
});

test.each([['no id / at all'], [''], ['i'.repeat(129)], [1]])('%j is no id, and is not written', (wrong) =>
  runUnitOfWork({ kind: 'test' }, () => {
    requestId.set(wrong as never);
    expect(() => injectContext()).toThrow(
      "ContextVar 'context.requestId' has a value that its codec cannot write (an id must match ^[A-Za-z0-9._-]{1,128}$); nothing was written.",
    );
  }),
);
