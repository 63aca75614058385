// Fields that records have from elsewhere.

import { bindLogContext, logFields, registerLogFields, runUnitOfWork } from '../../src/core/index.js';
import { addErrorReporter } from '../../src/core/report-error.js';

const removals: (() => void)[] = [];
function register(name: string, fields: () => unknown): () => void {
  const remove = registerLogFields({ name, fields: fields as () => Record<string, unknown> });
  removals.push(remove);
  return remove;
}

let reported: [error: unknown, where: string][] = [];
beforeEach(() => {
  reported = [];
  removals.push(addErrorReporter((error, where) => void reported.push([error, where])));
});
afterEach(() => {
  for (const remove of removals.splice(0)) remove();
});

test('are there in every record, outside any context too, until they are taken back', () => {
  const remove = register('process', () => ({ service: 'orders' }));
  expect(logFields()).toEqual({ service: 'orders' });
  runUnitOfWork({ kind: 'test', id: 'u' }, () => {
    expect(logFields()).toEqual({ requestId: 'u', service: 'orders' });
    remove();
    remove();
    expect(logFields()).toEqual({ requestId: 'u' });
  });
});

test('are asked for every record', () => {
  let count = 0;
  register('count', () => (count++ === 1 ? undefined : { count }));
  expect([logFields(), logFields(), logFields()]).toEqual([{ count: 1 }, {}, { count: 3 }]);
});

test('come in the order of their registration, and of two with one key the later counts', () => {
  register('first', () => ({ a: 1, b: 1 }));
  register('second', () => ({ b: 2, c: 2 }));
  expect(Object.entries(logFields())).toEqual([
    ['a', 1],
    ['b', 2],
    ['c', 2],
  ]);
});

test('the same name replaces, in the place of the old one, which cannot take back the new one', () => {
  const removeOld = register('same', () => ({ key: 'old' }));
  register('other', () => ({ key: 'other' }));
  register('same', () => ({ key: 'new', only: 1 }));
  removeOld();
  expect(logFields()).toEqual({ key: 'other', only: 1 });
});

test('the log context counts more than they do', () => {
  register('source', () => ({ key: 'source', other: 1 }));
  runUnitOfWork({ kind: 'test', id: 'u' }, () => {
    bindLogContext({ key: 'bound' });
    expect(logFields()).toEqual({ requestId: 'u', key: 'bound', other: 1 });
  });
});

test('objects are read anew each time', () => {
  const memory = { used: 1 };
  register('memory', () => ({ memory }));
  const before = logFields();
  memory.used = 2;
  expect([before, logFields()]).toEqual([{ memory: { used: 1 } }, { memory: { used: 2 } }]);
});

test('keys and values are made safe', () => {
  register('hostile', () => ({
    ...JSON.parse('{ "__proto__": 1 }'),
    'a\nb': 2,
    big: 'x'.repeat(5000),
    count: 3n,
    none: undefined,
  }));
  const safe = { _proto_: 1, 'a\\nb': 2, big: `${'x'.repeat(1009)}…[5000 bytes]`, count: '3' };
  expect([logFields(), logFields()]).toEqual([safe, safe]);
  expect(Object.keys(logFields())).not.toContain('none');
});

test('of more than 64 fields of one source the first are there', () => {
  register('many', () => Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, i])));
  expect(Object.keys(logFields())).toHaveLength(64);
});

const failure = new Error('no fields');
test.each<[string, () => unknown, unknown]>([
  [
    'throws',
    () => {
      throw failure;
    },
    failure,
  ],
  [
    'has a getter that throws',
    () => ({
      get a(): never {
        throw failure;
      },
    }),
    failure,
  ],
  ['gives no object', () => 'text', expect.any(TypeError)],
  ['gives an array', () => ['a'], expect.any(TypeError)],
  ['gives null', () => null, expect.any(TypeError)],
])('a source that %s is left out, and reported once', (_, fields, error) => {
  register('bad', fields);
  register('good', () => ({ good: true }));
  expect([logFields(), logFields()]).toEqual([{ good: true }, { good: true }]);
  expect(reported).toEqual([[error, "in the log fields of 'bad'"]]);
});

test('a reporter that logs, or a source that does, gets a record without its fields', () => {
  const seen: unknown[] = [];
  removals.push(
    addErrorReporter(() => {
      seen.push(logFields());
    }),
  );
  register('bad', () => {
    throw failure;
  });
  register('chatty', () => {
    seen.push(logFields());
    return { chatty: true };
  });
  expect(logFields()).toEqual({ chatty: true });
  // The source, in the record of the report; that record; the source, in the record that was asked for.
  expect(seen).toEqual([{}, { chatty: true }, {}]);
});

test('a reporter that fails does not reach the line that is logged', () => {
  const error = jest.spyOn(console, 'error').mockImplementation(() => {});
  removals.push(
    addErrorReporter(() => {
      throw new Error('no reports');
    }),
  );
  register('bad', () => {
    throw failure;
  });
  expect(logFields()).toEqual({});
  expect(error).toHaveBeenCalledTimes(1);
  error.mockRestore();
});

test('where the stack is at its end there are fewer fields, and no error', () => {
  register('source', () => ({ source: 1 }));
  runUnitOfWork({ kind: 'test' }, () => {
    bindLogContext({ a: 1 });
    const thrown: unknown[] = [];
    const dive = (): void => {
      // Only what is thrown inside of it counts: at the very end the call itself fails.
      try {
        dive();
      } catch {}
      try {
        logFields();
      } catch (error) {
        thrown.push(error);
      }
    };
    try {
      dive();
    } catch {}
    expect(thrown.every((error) => error instanceof RangeError)).toBe(true);
    expect(logFields()).toMatchObject({ a: 1, source: 1 });
  });
});

describe('wrong arguments are a TypeError', () => {
  test.each([
    [undefined],
    [null],
    [1],
    ['source'],
    [() => ({})],
    [{}],
    [{ name: 'a' }],
    [{ name: 'a', fields: {} }],
    [{ name: '', fields: () => ({}) }],
    [{ name: 1, fields: () => ({}) }],
  ])('%#', (wrong) => {
    expect(() => registerLogFields(wrong as never)).toThrow(
      /^registerLogFields: expected (a source of fields|a non-empty string as name|a function), got /,
    );
    expect(logFields()).toEqual({});
  });
});
