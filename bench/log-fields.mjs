// The claim guarded here: the fields of a log line are there in less than 0.2 µs, from the second line on that has the same; in less
// than 1 µs where one of them has changed since. A bind with its reset takes less than 5 µs.

import { measureCalls } from './harness/calls.mjs';
import { OWN } from './harness/subjects.mjs';

/** Calls `body` where a line has five fields: the id, two variables that are declared for logs, two that are bound. */
async function withFields(body) {
  const core = await import('nestjs-contextvars/core');
  const tenant = new core.ContextVar('tenant', { log: 'tenant' });
  const user = new core.ContextVar('user', { log: { key: 'userId', format: ({ id }) => id } });
  return core.runUnitOfWork({ kind: 'bench', id: '8f2c6a3e-7d1b-4e7f-9a52-0c1d2e3f4a5b' }, () => {
    tenant.set('acme');
    user.set({ id: 'u-1234', name: 'Ann' });
    core.bindLogContext({ orderId: 7781, attempt: 3 });
    return body({ ...core, tenant });
  });
}

const trace = {
  name: 'trace',
  fields: () => ({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' }),
};

export const operations = {
  'five fields': { [OWN]: (measure) => withFields(({ logFields }) => measure(() => logFields())) },
  'five fields, in a block': {
    [OWN]: (measure) =>
      withFields(({ logFields, withLogContext }) =>
        withLogContext({ attempt: 4 }, () => measure(() => logFields())),
      ),
  },
  'five fields and two of a source': {
    [OWN]: (measure) =>
      withFields(({ logFields, registerLogFields }) => {
        registerLogFields(trace);
        return measure(() => logFields());
      }),
  },
  'five fields, one of them new': {
    [OWN]: (measure) =>
      withFields(({ logFields, tenant }) => {
        let count = 0;
        return measure(() => {
          count += 1;
          tenant.set(count % 2 === 0 ? 'acme' : 'umbrella');
          return logFields();
        });
      }),
  },
  'bind and reset': {
    [OWN]: (measure) =>
      withFields(({ bindLogContext, resetLogContext }) =>
        measure(() => resetLogContext(bindLogContext({ step: 'charge', attempt: 4 }))),
      ),
  },
};

export const benchmark = {
  section: 'primitives',
  title: 'The fields of a log line',
  rounds: 3,
  run: (rounds) => measureCalls({ file: import.meta.filename, operations, rounds }),
  claims: (of) => [
    of.atMost('five fields', OWN, 200),
    of.atMost('five fields, in a block', OWN, 300),
    of.atMost('five fields and two of a source', OWN, 400),
    of.atMost('five fields, one of them new', OWN, 1000),
    of.atMost('bind and reset', OWN, 5000),
  ],
};
