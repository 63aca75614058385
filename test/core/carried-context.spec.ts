// The Context that a message is sent with: a copy, with a name for the conversation that begins there.

import { copyContext, runUnitOfWork } from '../../src/core/index.js';
import { carriedContext, correlationId, requestId } from '../../src/core/internal.js';

test('outside any unit of work it is empty', () => {
  expect(carriedContext().size).toBe(0);
});

test('where no conversation has a name it is that of the unit of work that sends', () => {
  runUnitOfWork({ kind: 'cron', id: 'night-1' }, () => {
    expect(carriedContext().get(correlationId)).toBe('night-1');
    expect(copyContext().has(correlationId)).toBe(false);
  });
});

test.each([
  ['a correlation id', correlationId],
  ['a request id', requestId],
])('where there is %s, nothing is added', (_what, variable) => {
  runUnitOfWork({ kind: 'http', id: 'unit-1' }, () => {
    variable.set('given');
    expect([...carriedContext().entries()]).toEqual([[variable, 'given']]);
  });
});

test('an id that could not be carried names nothing', () => {
  runUnitOfWork({ kind: 'job', id: 'no id / at all' }, () => expect(carriedContext().size).toBe(0));
});
