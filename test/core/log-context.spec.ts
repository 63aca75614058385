// The log context is for the unit of work, key by key, as a ContextVar for each key would be.

import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import {
  bindContext,
  bindLogContext,
  Context,
  ContextVar,
  clearLogContext,
  copyContext,
  createTask,
  gather,
  getLogContext,
  injectContext,
  logFields,
  preserveContext,
  resetLogContext,
  runUnitOfWork,
  unbindLogContext,
  withLogContext,
} from '../../src/core/index.js';
import { coreError } from './support/core-error.js';
import { activeStates } from './support/starting-states.js';

const other = new ContextVar<string>('other');

describe.each(activeStates)('starting in %s', (_, start) => {
  test('what is bound is there, for the rest of the unit of work', () => {
    start(() => {
      bindLogContext({ orderId: 7, step: 'charge' });
      bindLogContext({ step: 'ship' });
      expect(getLogContext()).toEqual({ orderId: 7, step: 'ship' });
    });
  });

  test('what an awaited callee binds is there for its caller', () =>
    start(async () => {
      const callee = async (): Promise<void> => {
        bindLogContext({ before: true });
        await setImmediate();
        bindLogContext({ after: true });
      };
      await callee();
      expect(getLogContext()).toEqual({ before: true, after: true });
    }));

  test('two branches of Promise.all that bind different keys lose none', () =>
    start(async () => {
      const branch = async (key: string, turns: number): Promise<void> => {
        for (let i = 0; i < turns; i++) {
          bindLogContext({ [`${key}${i}`]: i });
          await setImmediate();
        }
      };
      await Promise.all([branch('a', 3), branch('b', 2)]);
      expect(getLogContext()).toEqual({ a0: 0, a1: 1, a2: 2, b0: 0, b1: 1 });
    }));

  test('gather forks: neither siblings nor the caller see what a branch binds', () =>
    start(async () => {
      bindLogContext({ shared: 1, own: 'none' });
      const branch = (own: string) => async () => {
        bindLogContext({ own, [own]: true });
        await setImmediate();
        return getLogContext();
      };
      const seen = await gather([branch('a'), branch('b')]);
      expect(seen).toEqual([
        { shared: 1, own: 'a', a: true },
        { shared: 1, own: 'b', b: true },
      ]);
      expect(getLogContext()).toEqual({ shared: 1, own: 'none' });
    }));

  test.each([
    ['createTask', (fn: () => unknown) => createTask(fn)],
    ['preserveContext', (fn: () => unknown) => preserveContext(fn)()],
    ['copyContext().run', (fn: () => unknown) => copyContext().run(fn)],
  ])('%s has a copy: what was bound until then, and what it binds is its own', async (_, run) => {
    await start(async () => {
      bindLogContext({ request: 1 });
      let inside: unknown;
      const work = run(async () => {
        bindLogContext({ task: 2 });
        unbindLogContext('request');
        await setImmediate();
        inside = getLogContext();
      });
      bindLogContext({ later: 3 });
      await work;
      expect(inside).toEqual({ task: 2 });
      expect(getLogContext()).toEqual({ request: 1, later: 3 });
    });
  });

  test('a bound function has what is bound when it is called', () => {
    const bound = start(() => {
      bindLogContext({ at: 'capture' });
      const fn = bindContext(() => getLogContext());
      bindLogContext({ at: 'later' });
      return fn;
    });
    expect(bound()).toEqual({ at: 'later' });
  });

  test('run of a variable stays in the log context', () => {
    start(() => {
      other.run('x', () => bindLogContext({ inside: 1 }));
      expect(getLogContext()).toEqual({ inside: 1 });
    });
  });

  test('unbind takes keys away, and those that are not bound are no error', () => {
    start(() => {
      bindLogContext({ a: 1, b: 2, c: 3 });
      unbindLogContext('a', 'c', 'unknown', 'toString', '__proto__');
      expect(getLogContext()).toEqual({ b: 2 });
      unbindLogContext();
      expect(getLogContext()).toEqual({ b: 2 });
    });
  });

  test('clear takes all away', () => {
    start(() => {
      bindLogContext({ a: 1, b: 2 });
      clearLogContext();
      expect(getLogContext()).toEqual({});
      bindLogContext({ c: 3 });
      expect(getLogContext()).toEqual({ c: 3 });
    });
  });

  test('fields that are undefined are left out, and change nothing', () => {
    start(() => {
      bindLogContext({ kept: 1, gone: undefined });
      bindLogContext({ kept: undefined });
      expect(Object.entries(getLogContext())).toEqual([['kept', 1]]);
    });
  });

  test('null is a value', () => {
    start(() => {
      bindLogContext({ user: null });
      expect(getLogContext()).toEqual({ user: null });
    });
  });

  test('what getLogContext gives can be changed, and nothing else changes', () => {
    start(() => {
      bindLogContext({ a: 1 });
      const given = getLogContext();
      given.a = 2;
      given.b = 3;
      expect(getLogContext()).toEqual({ a: 1 });
    });
  });
});

describe('outside any context', () => {
  test('nothing is bound, and nothing can be', () => {
    expect(getLogContext()).toEqual({});
    expect(() => bindLogContext({ a: 1 })).toThrow(coreError('ERR_NO_ACTIVE_CONTEXT'));
    expect(getLogContext()).toEqual({});
  });

  test('there is nothing to unbind or to clear', () => {
    unbindLogContext('a');
    clearLogContext();
    expect(getLogContext()).toEqual({});
  });
});

test('units of work begin empty, and do not see each other', async () => {
  const unit = (id: number) =>
    runUnitOfWork({ kind: 'request' }, async () => {
      const before = getLogContext();
      bindLogContext({ id });
      await setImmediate();
      return [before, getLogContext()];
    });
  const seen = await runUnitOfWork({ kind: 'boot' }, () => {
    bindLogContext({ phase: 'boot' });
    return Promise.all([unit(1), unit(2)]);
  });
  expect(seen).toEqual([
    [{}, { id: 1 }],
    [{}, { id: 2 }],
  ]);
});

test('a Context keeps its log context from one run to the next, and a copy goes its own way', () => {
  const context = new Context();
  context.run(() => bindLogContext({ a: 1 }));
  const copy = context.copy();
  context.run(() => bindLogContext({ b: 2 }));
  expect([context.run(getLogContext), copy.run(getLogContext)]).toEqual([{ a: 1, b: 2 }, { a: 1 }]);
  expect(new Context().run(getLogContext)).toEqual({});
});

test('what is bound is copied then: later changes of an object are not in it', () => {
  runUnitOfWork({ kind: 'test' }, () => {
    const order = { id: 7, items: ['a'] };
    bindLogContext({ order });
    order.id = 8;
    order.items.push('b');
    expect(getLogContext()).toEqual({ order: { id: 7, items: ['a'] } });
    const { order: bound } = getLogContext();
    expect([bound, (bound as { items: unknown }).items].map(Object.isFrozen)).toEqual([true, true]);
  });
});

test('work left running after the end of its unit still has its fields, and binds its own', async () => {
  let late: Promise<unknown> | undefined;
  runUnitOfWork({ kind: 'request', id: 'r1' }, () => {
    bindLogContext({ orderId: 7 });
    late = setImmediate().then(() => {
      bindLogContext({ late: true });
      return logFields();
    });
  });
  expect(await late).toEqual({ requestId: 'r1', orderId: 7, late: true });
});

test('a Context read as a Map does not show log keys; printing it does', () => {
  const context = new Context();
  const tenant = new ContextVar<string>('tenant');
  context.run(() => {
    tenant.set('acme');
    bindLogContext({ orderId: 7, nested: { a: { b: {} } } });
  });
  expect([...context.keys()]).toEqual([tenant]);
  expect(context.size).toBe(1);
  expect(inspect(context, { depth: 1 })).toBe(
    "Context(1) { 'tenant' => 'acme', log: { orderId: 7, nested: [Object] } }",
  );
  expect(inspect({ context }, { depth: 0 })).toMatch(/^\{ context: (\[|Context\(1\) \{)/);
});

test('the log context is no part of what makes two Contexts equal', () => {
  const context = new Context();
  const copy = context.copy();
  copy.run(() => bindLogContext({ a: 1 }));
  expect(context.equals(copy)).toBe(true);
});

test('the log context never leaves the process', () => {
  runUnitOfWork({ kind: 'test' }, () => {
    bindLogContext({ marker: 'in the log context' });
    expect(JSON.stringify(injectContext())).not.toContain('in the log context');
  });
});

describe('keys', () => {
  test.each([['__proto__'], ['constructor'], ['prototype'], ['toString'], ['hasOwnProperty']])(
    'a key %s reaches no prototype',
    (key) => {
      runUnitOfWork({ kind: 'test' }, () => {
        bindLogContext(JSON.parse(`{ "${key}": { "polluted": true } }`));
        const safe = key === '__proto__' ? '_proto_' : key;
        for (const given of [getLogContext(), logFields()]) {
          expect(Object.getPrototypeOf(given)).toBe(Object.prototype);
          expect(Object.getOwnPropertyDescriptor(given, safe)).toEqual({
            value: { polluted: true },
            enumerable: true,
            configurable: true,
            writable: true,
          });
        }
        expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
        unbindLogContext(key);
        expect(getLogContext()).toEqual({});
      });
    },
  );

  test.each([
    ['of 128 characters', 'k'.repeat(128), 'k'.repeat(128)],
    ['of 129 characters', 'k'.repeat(129), `${'k'.repeat(127)}…`],
    ['that is short when it is escaped', `${'k'.repeat(126)}\n`, `${'k'.repeat(126)}\\n`],
    ['that is long when it is escaped', `${'k'.repeat(127)}\n`, `${'k'.repeat(127)}…`],
    ['with a pair where it is cut', `${'k'.repeat(126)}\u{1f600}k`, `${'k'.repeat(126)}…`],
    ['with a replacement character', `\ufffd${'k'.repeat(128)}`, `\ufffd${'k'.repeat(126)}…`],
    ['of 129 control characters', '\n'.repeat(129), `${'\\n'.repeat(63)}\\…`],
  ])('a key %s', (_what, key, safe) =>
    runUnitOfWork({ kind: 'test' }, () => {
      bindLogContext({ [key]: 1 });
      expect(Object.keys(getLogContext())).toEqual([safe]);
    }),
  );

  test('that every object has a setter for are set all the same', () => {
    const set = jest.fn();
    Object.defineProperty(Object.prototype, 'everywhere', { set, configurable: true });
    try {
      runUnitOfWork({ kind: 'test' }, () => {
        bindLogContext({ everywhere: 1 });
        expect(Object.entries(getLogContext())).toEqual([['everywhere', 1]]);
      });
    } finally {
      Reflect.deleteProperty(Object.prototype, 'everywhere');
    }
    expect(set).not.toHaveBeenCalled();
  });

  test('are escaped and cut', () => {
    runUnitOfWork({ kind: 'test' }, () => {
      bindLogContext({ 'a\nb\u001b': 1, ['k'.repeat(1000)]: 2 });
      expect(getLogContext()).toEqual({ 'a\\nb\\x1b': 1, [`${'k'.repeat(127)}…`]: 2 });
      unbindLogContext('a\nb\u001b', 'k'.repeat(1000));
      expect(getLogContext()).toEqual({});
    });
  });

  test('of more than 64 keys in one bind the first are bound, and how many are not is said', () => {
    runUnitOfWork({ kind: 'test' }, () => {
      bindLogContext(Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`k${i}`, i])));
      const bound = getLogContext();
      expect([Object.keys(bound).length, bound.k63, bound.k64, bound['…']]).toEqual([
        65,
        63,
        undefined,
        '6 more',
      ]);
    });
  });

  test('fields may have no prototype, or be a proxy, or have a getter that throws', () => {
    runUnitOfWork({ kind: 'test' }, () => {
      bindLogContext(Object.assign(Object.create(null), { bare: 1 }));
      bindLogContext(new Proxy({ proxied: 2 }, {}));
      bindLogContext({
        get hidden(): string {
          throw new Error('not now');
        },
      });
      expect(getLogContext()).toEqual({ bare: 1, proxied: 2, hidden: '[Throws: not now]' });
    });
  });
});

describe('wrong arguments are a TypeError and change nothing', () => {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const NO_FIELDS = [
    undefined,
    null,
    1,
    'fields',
    Symbol('fields'),
    () => {},
    [],
    ['a'],
    Object.setPrototypeOf([], null),
    Object.setPrototypeOf(() => {}, null),
    new Map([['a', 1]]),
    new Date(),
    new Error('fields'),
    new (class Fields {
      a = 1;
    })(),
    { [Symbol('key')]: 1 },
    revoked.proxy,
    new Proxy({}, { ownKeys: () => [1] as never }),
    new Proxy(
      {},
      {
        getPrototypeOf: () => {
          throw new RangeError('not to be looked at');
        },
      },
    ),
  ];
  const message = (where: string) =>
    `${where}: expected a plain object of fields, with strings as keys, got `;
  test.each(NO_FIELDS.map((wrong) => [wrong]))('fields %#', (wrong) => {
    runUnitOfWork({ kind: 'test' }, () => {
      expect(() => bindLogContext(wrong as never)).toThrow(message('bindLogContext'));
      expect(() => withLogContext(wrong as never, () => {})).toThrow(message('withLogContext'));
      expect(getLogContext()).toEqual({});
    });
    expect(() => bindLogContext(wrong as never)).toThrow(message('bindLogContext'));
  });

  test.each([[undefined], [null], [1], [Symbol('key')], [['a']], [{}]])('keys %#', (wrong) => {
    runUnitOfWork({ kind: 'test' }, () => {
      bindLogContext({ a: 1 });
      expect(() => unbindLogContext('a', wrong as never)).toThrow(
        /^unbindLogContext: expected strings as keys, got /,
      );
      expect(getLogContext()).toEqual({ a: 1 });
    });
  });

  test.each([[undefined], [null], [1], [{}], [() => {}]])('tokens %#', (wrong) => {
    expect(() => resetLogContext(wrong as never)).toThrow('resetLogContext: expected a LogToken, got ');
  });
});
