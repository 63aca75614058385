// Variables that are declared to appear in logs.

import { AsyncResource } from 'node:async_hooks';
import { setImmediate } from 'node:timers/promises';
import { correlationId, requestId } from '../../src/core/ids.js';
import {
  bindLogContext,
  Context,
  ContextVar,
  copyContext,
  createTask,
  gather,
  logFields,
  preserveContext,
  registerLogFields,
  runUnitOfWork,
  ScopedValue,
  withLogContext,
  withTempContext,
} from '../../src/core/index.js';
import { addErrorReporter } from '../../src/core/report-error.js';
import { coreError } from './support/core-error.js';
import { thrownBy } from './support/outcome.js';

interface User {
  readonly id: number;
  readonly password: string;
}

const format = jest.fn((user: User): unknown => user.id);
const tenant = new ContextVar<string>('tenant', { log: 'tenant' });
const user = new ContextVar<User>('user', { log: { key: 'userId', format } });
const locale = new ContextVar<string>('locale', { default: 'en', log: 'locale' });
const plain = new ContextVar<string>('plain');
const role = new ScopedValue<string>('role', { log: 'role' });
const actor = new ScopedValue<User>('actor', { log: { key: 'actorId', format: ({ id }) => id } });

const inUnit = <R>(fn: () => R): R => runUnitOfWork({ kind: 'test', id: 'unit' }, fn);

/** The fields but for those of ids. */
function fields(): Record<string, unknown> {
  const { requestId: _, ...rest } = logFields();
  return rest;
}

beforeEach(() => format.mockClear());

test('variables that are set appear under their keys, all others do not', () => {
  inUnit(() => {
    expect(logFields()).toEqual({ requestId: 'unit' });
    tenant.set('acme');
    plain.set('not for logs');
    role.bind('clerk');
    expect(logFields()).toEqual({ requestId: 'unit', tenant: 'acme', role: 'clerk' });
  });
});

test('a record follows set, reset, run and temporary values', () => {
  inUnit(() => {
    const token = tenant.set('a');
    expect(fields()).toEqual({ tenant: 'a' });
    tenant.run('b', () => {
      expect(fields()).toEqual({ tenant: 'b' });
      withTempContext([tenant.as('c')], () => {
        expect(fields()).toEqual({ tenant: 'c' });
        tenant.set('d');
        expect(fields()).toEqual({ tenant: 'd' });
      });
      expect(fields()).toEqual({ tenant: 'b' });
    });
    tenant.reset(token);
    expect(fields()).toEqual({});
  });
});

test('work left running by a temporary scope has what is outside of it', async () => {
  let late: Promise<unknown> | undefined;
  inUnit(() => {
    tenant.set('unit');
    tenant.run('run', () =>
      withTempContext([tenant.as('temporary')], () => {
        late = setImmediate().then(fields);
      }),
    );
  });
  expect(await late).toEqual({ tenant: 'run' });
});

test('a default is no value that was set, and undefined is none to log', () => {
  inUnit(() => {
    expect(fields()).toEqual({});
    locale.set('de');
    expect(fields()).toEqual({ locale: 'de' });
    locale.set(undefined as never);
    expect(Object.keys(logFields())).toEqual(['requestId']);
  });
});

test('outside any context there are none', () => {
  expect(logFields()).toEqual({});
});

test('a variable that is declared later appears from then on', () => {
  const inThere = inUnit(() => {
    tenant.set('acme');
    expect(fields()).toEqual({ tenant: 'acme' });
    return AsyncResource.bind((body: () => void) => body());
  });
  const later = new ContextVar<number>('later', { log: 'later' });
  inThere(() => {
    later.set(1);
    expect(fields()).toEqual({ tenant: 'acme', later: 1 });
  });
});

test('each call gives an object of its own', () => {
  inUnit(() => {
    tenant.set('acme');
    const first = logFields();
    first.tenant = 'changed';
    first.added = 1;
    expect(logFields()).toEqual({ requestId: 'unit', tenant: 'acme' });
  });
});

test('siblings, forks and units have their own', async () => {
  await inUnit(async () => {
    tenant.set('parent');
    const branch = (name: string) => async () => {
      tenant.set(name);
      await setImmediate();
      return fields();
    };
    expect(await gather([branch('a'), branch('b')])).toEqual([{ tenant: 'a' }, { tenant: 'b' }]);
    expect(await createTask(branch('task'))).toEqual({ tenant: 'task' });
    expect(fields()).toEqual({ tenant: 'parent' });
    expect(new Context().run(fields)).toEqual({});
  });
});

test('the order is: declared variables, then sources, then the log context; of one key the later counts', () => {
  const remove = registerLogFields({
    name: 'order',
    fields: () => ({ tenant: 'source', source: 1, bound: 'source' }),
  });
  try {
    inUnit(() => {
      tenant.set('variable');
      bindLogContext({ bound: 'context', own: 2 });
      expect(fields()).toEqual({ tenant: 'source', source: 1, bound: 'context', own: 2 });
      withLogContext({ tenant: 'block' }, () => expect(fields()).toMatchObject({ tenant: 'block' }));
    });
  } finally {
    remove();
  }
});

describe('format', () => {
  test('gives what the record has of a value; once for each object', () => {
    inUnit(() => {
      user.set({ id: 7, password: 'secret' });
      expect([fields(), fields(), fields()]).toEqual(Array(3).fill({ userId: 7 }));
      expect(format).toHaveBeenCalledTimes(1);
      user.set({ id: 8, password: 'secret' });
      expect(fields()).toEqual({ userId: 8 });
      expect(format).toHaveBeenCalledTimes(2);
    });
  });

  test('of undefined leaves the field out', () => {
    format.mockReturnValue(undefined);
    inUnit(() => {
      user.set({ id: 7, password: 'secret' });
      expect(Object.keys(fields())).toEqual([]);
    });
    format.mockReset();
    format.mockImplementation(({ id }) => id);
  });

  test('gets primitives as they change', () => {
    const count = new ContextVar<number>('count', { log: { key: 'count', format: (n) => `no. ${n}` } });
    inUnit(() => {
      const seen = [1, 1, 2, 0, Number.NaN].map((n) => {
        count.set(n);
        return fields().count;
      });
      expect(seen).toEqual(['no. 1', 'no. 1', 'no. 2', 'no. 0', 'no. NaN']);
    });
  });

  test('that throws leaves the field out, and is reported once', () => {
    const failure = new Error('cannot format');
    const bad = new ContextVar<number>('bad', {
      log: {
        key: 'bad',
        format: () => {
          throw failure;
        },
      },
    });
    const reported: unknown[][] = [];
    const remove = addErrorReporter((...args) => {
      // As a logger would that is given the error.
      reported.push([...args, logFields()]);
    });
    try {
      inUnit(() => {
        tenant.set('acme');
        for (const n of [1, 2]) {
          bad.set(n);
          expect(fields()).toEqual({ tenant: 'acme' });
        }
      });
    } finally {
      remove();
    }
    expect(reported).toEqual([
      [failure, "in the log format of the key 'bad'", { requestId: 'unit', tenant: 'acme' }],
    ]);
  });

  test('that logs gets a record without its own field', () => {
    const seen: unknown[] = [];
    const chatty = new ContextVar<object>('chatty', {
      log: {
        key: 'chatty',
        format: () => {
          seen.push(logFields());
          return 'said';
        },
      },
    });
    inUnit(() => {
      chatty.set({});
      expect(logFields()).toEqual({ requestId: 'unit', chatty: 'said' });
    });
    expect(seen).toEqual([{ requestId: 'unit' }]);
  });

  test('is read once: a mutated object shows as it was when it was first logged', () => {
    const cart = new ContextVar<{ items: number }>('cart', { log: 'cart' });
    inUnit(() => {
      const value = { items: 1 };
      cart.set(value);
      expect(fields()).toEqual({ cart: { items: 1 } });
      value.items = 2;
      expect(fields()).toEqual({ cart: { items: 1 } });
    });
  });
});

describe('a ScopedValue', () => {
  test('shows its base and its temporary values', () => {
    inUnit(() => {
      role.bind('clerk');
      role.run('admin', () => {
        expect(fields()).toEqual({ role: 'admin' });
        actor.run({ id: 1, password: 'x' }, () => expect(fields()).toEqual({ role: 'admin', actorId: 1 }));
      });
      expect(fields()).toEqual({ role: 'clerk' });
    });
  });

  test.each([
    ['createTask', (fn: () => unknown) => createTask(fn)],
    ['preserveContext', (fn: () => unknown) => preserveContext(fn)()],
    ['copyContext().run', (fn: () => unknown) => copyContext().run(fn)],
  ])('that was temporary where %s captured is left out, never another level', async (_, run) => {
    await inUnit(async () => {
      role.bind('clerk');
      await role.run('admin', async () => {
        await run(() => {
          expect(role.name).toBe('role');
          expect(() => role.get('fallback')).toThrow(coreError('ERR_SCOPE_ENDED'));
          expect(Object.keys(fields())).not.toContain('role');
        });
      });
    });
  });

  test('that has ended in work left running is left out, never another level', async () => {
    let late: Promise<void> | undefined;
    inUnit(() => {
      role.bind('clerk');
      role.run('admin', () => {
        expect(fields()).toEqual({ role: 'admin' });
        late = setImmediate().then(() => {
          expect(() => role.get()).toThrow(coreError('ERR_SCOPE_ENDED'));
          expect(fields()).toEqual({});
          withLogContext({ step: 1 }, () => expect(fields()).toEqual({ step: 1 }));
          role.run('reader', () => expect(fields()).toEqual({ role: 'reader' }));
        });
      });
    });
    await late;
    expect.assertions(5);
  });
});

describe('ids', () => {
  test('of a request are there, both; in other units it is the id of the unit', () => {
    inUnit(() => {
      requestId.set('request-1');
      expect(logFields()).toEqual({ requestId: 'request-1' });
      correlationId.set('request-1');
      expect(logFields()).toEqual({ requestId: 'request-1', correlationId: 'request-1' });
    });
    runUnitOfWork({ kind: 'cron' }, () => {
      const { requestId: id, ...rest } = logFields();
      expect(id).toMatch(/^[0-9a-f-]{36}$/);
      expect(logFields().requestId).toBe(id);
      expect(rest).toEqual({});
    });
  });

  test('are carried into tasks', async () => {
    await inUnit(async () => {
      requestId.set('request-1');
      expect(await createTask(() => logFields())).toEqual({ requestId: 'request-1' });
    });
  });
});

describe('the option', () => {
  test.each([[null], [1], [''], [{}], [{ key: '' }], [{ key: 1 }], [[]], [() => {}]])(
    'a log of the wrong type %# is a TypeError',
    (log) => {
      const message = (kind: string) => `${kind} 'v': expected a non-empty string as log key, got `;
      expect(() => new ContextVar('v', { log: log as never })).toThrow(message('ContextVar'));
      expect(() => new ScopedValue('v', { log: log as never })).toThrow(message('ScopedValue'));
    },
  );

  test.each([[null], [1], ['format'], [{}]])('a format of the wrong type %# is a TypeError', (wrong) => {
    const log = { key: 'k', format: wrong as never };
    const message = (kind: string) => `${kind} 'v': expected a function as log format, got `;
    expect(() => new ContextVar('v', { log })).toThrow(message('ContextVar'));
    expect(() => new ScopedValue('v', { log })).toThrow(message('ScopedValue'));
  });

  test.each([
    ['ContextVar', ContextVar],
    ['ScopedValue', ScopedValue],
  ])('of a secret %s is a TypeError', (kind, Variable) => {
    expect(() => new Variable('token', { secret: true, log: 'token' })).toThrow(
      new TypeError(`${kind} 'token': a secret does not appear in logs; declare it without log`),
    );
  });

  // In one synchronous run: a module that is loaded again makes its variables in another.
  test.each<[string, () => unknown]>([
    ['a ContextVar', () => new ContextVar('other', { log: 'taken' })],
    ['a ScopedValue', () => new ScopedValue('other', { log: 'taken' })],
  ])('with a key that another variable has, %s is ERR_DUPLICATE_NAME', (_, make) => {
    const first = new ContextVar('first', { log: 'taken' });
    const error = thrownBy(make);
    expect(error).toMatchObject({ name: 'ContextError', code: 'ERR_DUPLICATE_NAME' });
    expect(String(error)).toContain(
      `The log key 'taken' is that of '${first.name}' already (made at test/core/log-declared.spec`,
    );
  });

  test('a key of the ids of requests is taken', () => {
    expect(() => new ContextVar('requestId', { log: 'requestId' })).toThrow(coreError('ERR_DUPLICATE_NAME'));
  });

  test('one that is refused leaves neither its name nor its key taken', () => {
    const codec = { encode: String, decode: String };
    const first = new ContextVar<string>('first', { log: 'mine' });
    expect(() => new ContextVar('refused', { codec, log: 'mine' })).toThrow(coreError('ERR_DUPLICATE_NAME'));
    const made = new ContextVar<string>('refused', { codec, log: 'refused' });
    inUnit(() => {
      made.set('x');
      first.set('y');
      expect(fields()).toEqual({ mine: 'y', refused: 'x' });
    });
  });

  test('one of a module that is loaded again takes the place of the old one', () => {
    const load = (): ContextVar<string> => new ContextVar<string>('again', { log: 'again' });
    const [old, now] = [load(), load()];
    inUnit(() => {
      old.set('old');
      expect(fields()).toEqual({});
      now.set('now');
      expect(fields()).toEqual({ again: 'now' });
    });
  });

  test('a key is made safe', () => {
    const odd = new ContextVar<number>('odd', { log: '__proto__' });
    const line = new ContextVar<number>('line', { log: 'a\nb' });
    inUnit(() => {
      odd.set(1);
      line.set(2);
      expect(fields()).toEqual({ _proto_: 1, 'a\\nb': 2 });
    });
  });
});

test.each([
  ['a long text', 'é'.repeat(2000), `${'é'.repeat(504)}…[4000 bytes]`],
  ['an object', { a: { b: 1n } }, { a: { b: '1' } }],
  ['null', null, null],
  ['a symbol', Symbol('x'), 'Symbol(x)'],
  ['a function', function named() {}, '[Function named]'],
  ['a number that JSON cannot say', Number.POSITIVE_INFINITY, 'Infinity'],
])('values are made safe: %s', (what, value, safe) => {
  const any = new ContextVar<unknown>('any', { log: `any ${what}` });
  inUnit(() => {
    any.set(value);
    expect([fields(), fields()]).toEqual([{ [`any ${what}`]: safe }, { [`any ${what}`]: safe }]);
  });
});
