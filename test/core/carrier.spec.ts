// A carrier holds what is portable and set, and gives it back elsewhere; in between it is plain text.

import { validateHeaderValue } from 'node:http';
import fc from 'fast-check';
import { z } from 'zod';
import {
  Context,
  ContextVar,
  codecs,
  copyContext,
  currentUnit,
  extractContext,
  gather,
  injectContext,
  runUnitOfWork,
  ScopedValue,
  withTempContext,
} from '../../src/core/index.js';
import { coreError } from './support/core-error.js';
import { thrownBy } from './support/outcome.js';
import { activeStates, startingStates } from './support/starting-states.js';

const tenant = new ContextVar('tenant', { codec: codecs.string });
const limit = new ContextVar('limit', { codec: codecs.number, default: 10 });
const dryRun = new ContextVar('dryRun', { codec: codecs.boolean });
const user = new ContextVar('user', {
  codec: codecs.json(z.object({ id: z.string(), roles: z.array(z.string()) })),
});
/** A codec that can fail in every way. */
let encodeFragile: (value: string) => unknown = String;
const fragile = new ContextVar<string>('fragile', {
  codec: { encode: (value) => encodeFragile(value) as string, decode: String },
});
const local = new ContextVar<string>('local');
const role = new ScopedValue<string>('role');

/** The names and values of a Context. */
function namesIn(context: Context): Record<string, unknown> {
  return Object.fromEntries([...context].map(([variable, value]) => [variable.name, value]));
}

/** What a carrier of these variables says on the other side. */
function carried(fn: () => void): Record<string, unknown> {
  return new Context().run(() => {
    fn();
    return namesIn(extractContext(injectContext()));
  });
}

beforeEach(() => {
  encodeFragile = String;
});

describe('what is carried', () => {
  test('what is set, by its name, with its type', () => {
    const all = carried(() => {
      tenant.set('acme');
      limit.set(-0);
      dryRun.set(false);
      user.set({ id: 'u1', roles: ['clerk'] });
    });
    expect(all).toEqual({ tenant: 'acme', limit: -0, dryRun: false, user: { id: 'u1', roles: ['clerk'] } });
  });

  test('not a default, not what was never set, and not what was reset', () => {
    const all = carried(() => {
      dryRun.get(undefined);
      tenant.reset(tenant.set('acme'));
    });
    expect(all).toEqual({});
    expect(new Context().run(() => injectContext())).toEqual({});
  });

  test('not a variable without a codec, and not a ScopedValue', () => {
    const all = carried(() => {
      local.set('here');
      role.bind('admin');
      tenant.set('acme');
    });
    expect(all).toEqual({ tenant: 'acme' });
    expect(role.run('admin', () => injectContext())).toEqual({});
  });

  test('the value of a run, in any starting state', () => {
    for (const [, start] of startingStates) {
      const carrier = start(() => tenant.run('acme', () => injectContext()));
      expect(extractContext(carrier).get(tenant)).toBe('acme');
    }
  });

  test('the value of a temporary scope while it is open, and what is outside after its end', async () => {
    await runUnitOfWork({ kind: 'test' }, async () => {
      tenant.set('acme');
      let late: Promise<Record<string, string>> | undefined;
      const open = withTempContext([tenant.as('other')], () => {
        late = Promise.resolve().then(() => injectContext());
        return injectContext();
      });
      expect(extractContext(open).get(tenant)).toBe('other');
      expect(extractContext((await late) as Record<string, string>).get(tenant)).toBe('acme');
    });
  });

  test('what a branch of gather has set, in that branch', async () => {
    await runUnitOfWork({ kind: 'test' }, async () => {
      tenant.set('acme');
      const branch = (name: string) => async (): Promise<unknown> => {
        tenant.set(name);
        await Promise.resolve();
        return extractContext(injectContext()).get(tenant);
      };
      expect(await gather([branch('a'), branch('b')])).toEqual(['a', 'b']);
      expect(extractContext(injectContext()).get(tenant)).toBe('acme');
    });
  });

  test('of another Context, where one is given', () => {
    const captured = tenant.run('captured', () => copyContext());
    captured.run(() => limit.set(5));
    new Context().run(() => {
      tenant.set('current');
      dryRun.set(true);
      const carrier = injectContext({}, { context: captured });
      expect(namesIn(extractContext(carrier))).toEqual({ tenant: 'captured', limit: 5 });
    });
    const outside = injectContext({}, { context: captured });
    expect(namesIn(extractContext(outside))).toEqual({ tenant: 'captured', limit: 5 });
  });

  test('undefined, where it is a value and the codec writes it', () => {
    const nothing = new ContextVar<undefined>('nothing', {
      codec: { encode: () => 'nothing', decode: () => undefined },
    });
    const carrier = nothing.run(undefined, () => injectContext());
    expect(extractContext(carrier).has(nothing)).toBe(true);
    expect(extractContext(carrier).get(nothing)).toBeUndefined();
  });
});

describe('the carrier', () => {
  test('is a new object, or the one that was given', () => {
    tenant.run('acme', () => {
      const given = { other: 'kept' };
      expect(injectContext(given)).toBe(given);
      expect(Object.keys(given)).toEqual(['other', 'contextvars']);
      expect(given.other).toBe('kept');
      expect(injectContext()).not.toBe(injectContext());
    });
  });

  test('gets one key, whose value is replaced', () => {
    const carrier = tenant.run('a', () => injectContext({ other: 'kept' }));
    tenant.run('b', () => injectContext(carrier));
    expect(Object.keys(carrier)).toEqual(['other', 'contextvars']);
    expect(extractContext(carrier).get(tenant)).toBe('b');
  });

  test.each([
    ['outside any context', () => injectContext],
    [
      'where nothing is set',
      () => (carrier: Record<string, string>) => new Context().run(() => injectContext(carrier)),
    ],
  ])('%s has nothing under that key, not what stood there before either', (_where, make) => {
    const carrier = tenant.run('a', () => injectContext({ other: 'kept' }));
    expect(make()(carrier)).toEqual({ other: 'kept' });
    expect(extractContext(carrier).size).toBe(0);
  });

  test('is one text for one content, in whatever order it was set', () => {
    const text = '{"v":1,"vars":[["dryRun","true"],["limit","5"],["tenant","acme"]]}';
    const orders = [
      [() => tenant.set('acme'), () => limit.set(5), () => dryRun.set(true)],
      [() => dryRun.set(true), () => limit.set(5), () => tenant.set('acme')],
    ];
    for (const order of orders) {
      const carrier = new Context().run(() => {
        for (const set of order) set();
        return injectContext();
      });
      expect(carrier).toEqual({ contextvars: text });
    }
  });

  test('is printable ASCII that a header holds, whatever the values are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const carrier = tenant.run(text, () => injectContext());
        expect(carrier.contextvars).toMatch(/^[ -~]+$/);
        validateHeaderValue('contextvars', carrier.contextvars as string);
        expect(extractContext(JSON.parse(JSON.stringify(carrier))).get(tenant)).toBe(text);
      }),
    );
    const carrier = tenant.run('\u007f\u0085\u2028\ufeff\ud800 é"\\\r\n\0', () => injectContext());
    expect(carrier.contextvars).toMatch(/^[ -~]+$/);
    expect(extractContext(carrier).get(tenant)).toBe('\u007f\u0085\u2028\ufeff\ud800 é"\\\r\n\0');
  });

  test('holds variables of any name', () => {
    const names = ['1', '0', 'é', 'a"b', 'toString', 'hasOwnProperty', '\u{1f600}', ' ', 'Z', 'a', '__proto'];
    const variables = names.map((name) => new ContextVar(name, { codec: codecs.string }));
    const carrier = new Context().run(() => {
      for (const variable of variables) variable.set(`of ${variable.name}`);
      return injectContext();
    });
    const context = extractContext(carrier);
    expect(variables.map((variable) => context.get(variable))).toEqual(names.map((name) => `of ${name}`));
    expect(context.size).toBe(names.length);
  });
});

test.each(['__proto__', 'constructor', 'prototype'])('%s is no name of a portable variable', (name) => {
  expect(() => new ContextVar(name, { codec: codecs.string })).toThrow(
    new TypeError(`ContextVar '${name}': this name cannot be that of a portable variable`),
  );
  expect(new ContextVar(name).name).toBe(name);
});

describe('4096 bytes', () => {
  const OVERHEAD = '{"v":1,"vars":[["tenant",""]]}'.length;

  test('fit', () => {
    const carrier = tenant.run('a'.repeat(4096 - OVERHEAD), () => injectContext());
    expect(carrier.contextvars).toHaveLength(4096);
    expect(extractContext(carrier).get(tenant)).toHaveLength(4096 - OVERHEAD);
  });

  test.each([
    ['one byte more does not', 'a'.repeat(4097 - OVERHEAD)],
    ['they are counted as they are written', '\u2028'.repeat(700)],
    ['nor do ten million', 'a'.repeat(10_000_000)],
  ])('%s', (_what, value) => {
    const carrier = { contextvars: 'before', other: 'kept' };
    const error = new Context().run(() => {
      limit.set(1);
      tenant.set(value);
      user.set({ id: 'a', roles: [] });
      return thrownBy(() => injectContext(carrier));
    });
    expect(error).toEqual(coreError('ERR_INVALID_CARRIER'));
    expect((error as Error).message).toMatch(
      /^The carrier would have \d+ bytes, of which ContextVar 'tenant' takes \d+,/,
    );
    expect(carrier).toEqual({ contextvars: 'before', other: 'kept' });
  });

  test('an error about it says nothing of the value', () => {
    const error = thrownBy(() => tenant.run('canary'.repeat(1_000), () => injectContext())) as Error;
    expect(`${error.message}${error.stack}`).not.toContain('canary');
  });
});

describe('what cannot be written', () => {
  const failures: readonly (readonly [what: string, encode: (value: string) => unknown])[] = [
    [
      'a codec that throws',
      () => {
        throw new RangeError('too much');
      },
    ],
    [
      'a codec that throws nothing',
      () => {
        throw undefined;
      },
    ],
    ['a codec that gives no string', () => 1],
    ['a codec that gives nothing', () => undefined],
    ['an asynchronous codec', async () => 'text'],
  ];

  test.each(failures)('%s is ERR_NOT_PORTABLE with the name, and nothing is written', (_what, encode) => {
    encodeFragile = encode;
    const carrier = { contextvars: 'before' };
    const error = new Context().run(() => {
      tenant.set('acme');
      fragile.set('value');
      return thrownBy(() => injectContext(carrier));
    });
    expect(error).toEqual(coreError('ERR_NOT_PORTABLE'));
    expect((error as Error).message).toContain("ContextVar 'fragile' has a ");
    expect(carrier).toEqual({ contextvars: 'before' });
  });

  test('the error has the cause, for the log of the sender', () => {
    const cause = new RangeError('too much');
    encodeFragile = () => {
      throw cause;
    };
    expect((thrownBy(() => fragile.run('value', () => injectContext())) as Error).cause).toBe(cause);
  });

  test('a codec of ours says in the message why', () => {
    const error = thrownBy(() => limit.run(Number.NaN, () => injectContext())) as Error;
    expect(error.message).toBe(
      "ContextVar 'limit' has a value that its codec cannot write (codecs.number: NaN and infinities are not portable); " +
        'nothing was written.',
    );
  });
});

describe('required variables', () => {
  const unset = new ContextVar('unset', { codec: codecs.string, default: 'default' });

  test('that are carried are fine on both sides', () => {
    const carrier = tenant.run('acme', () => injectContext({}, { required: [tenant] }));
    expect(extractContext(carrier, { required: [tenant] }).get(tenant)).toBe('acme');
  });

  test.each<[what: string, required: unknown, name: string]>([
    ['a variable without a codec', local, "ContextVar 'local' is required and has no codec"],
    ['a ScopedValue', role, "ScopedValue 'role' is required and never leaves the process"],
    ['a variable that is not set', unset, "ContextVar 'unset' is required and has no value here"],
  ])('%s is ERR_NOT_PORTABLE with its name, and nothing is written', (_what, required, message) => {
    for (const [, start] of startingStates) {
      const carrier = { contextvars: 'before' };
      const error = start(() =>
        thrownBy(() => injectContext(carrier, { required: [tenant, required as never] })),
      );
      expect(error).toEqual(coreError('ERR_NOT_PORTABLE'));
      expect(carrier).toEqual({ contextvars: 'before' });
      const alone = start(() => thrownBy(() => injectContext({}, { required: [required as never] })));
      expect((alone as Error).message).toContain(message);
    }
  });

  test('one that is not there is ERR_INVALID_CARRIER with its name', () => {
    for (const carrier of [{}, limit.run(1, () => injectContext())]) {
      const error = thrownBy(() => extractContext(carrier, { required: [tenant] }));
      expect(error).toEqual(coreError('ERR_INVALID_CARRIER'));
      expect((error as Error).message).toContain("it has no ContextVar 'tenant', which is required");
    }
  });

  test('one that is not accepted is not there', () => {
    const carrier = tenant.run('acme', () => injectContext());
    expect(() => extractContext(carrier, { required: [tenant], accept: () => false })).toThrow(
      coreError('ERR_INVALID_CARRIER'),
    );
  });

  test('one that can never be there is an error of the program, whatever the carrier is', () => {
    expect(() => extractContext({}, { required: [local] })).toThrow(coreError('ERR_NOT_PORTABLE'));
    expect(() => extractContext({ contextvars: 'bad' }, { required: [role as never] })).toThrow(
      coreError('ERR_NOT_PORTABLE'),
    );
  });
});

describe('the Context that is extracted', () => {
  const carrier = (): Record<string, string> => tenant.run('acme', () => injectContext());

  test('is empty where there is no carrier', () => {
    for (const none of [
      {},
      { other: 'x' },
      { contextvars: undefined },
      Object.create({ contextvars: 'inherited' }),
    ]) {
      expect(extractContext(none).size).toBe(0);
    }
  });

  test('has nothing of where it was extracted', () => {
    const text = carrier();
    for (const [, start] of activeStates) {
      start(() => {
        tenant.set('current');
        limit.set(7);
        local.set('here');
        expect(namesIn(extractContext(text))).toEqual({ tenant: 'acme' });
        expect(tenant.get()).toBe('current');
      });
    }
  });

  test('belongs to no unit of work: one begins in it, with the base of its ScopedValues still to bind', () => {
    for (const [, start] of startingStates) {
      start(() => {
        const outer = currentUnit();
        const context = extractContext(carrier());
        runUnitOfWork({ kind: 'job', context }, () => {
          expect(currentUnit()).toMatchObject({ kind: 'job' });
          expect(currentUnit()).not.toBe(outer);
          expect(tenant.get()).toBe('acme');
          role.bind('clerk');
          expect(role.get()).toBe('clerk');
          limit.set(1);
        });
        expect(context.get(limit)).toBe(1);
      });
    }
  });

  test('can be run, which outside any unit begins one', () => {
    const context = extractContext(carrier());
    expect(context.run(() => [tenant.get(), currentUnit()?.kind])).toEqual(['acme', 'context']);
  });

  test('is a new one each time', () => {
    const text = carrier();
    const [first, second] = [extractContext(text), extractContext(text)];
    first.run(() => tenant.set('changed'));
    expect(second.get(tenant)).toBe('acme');
  });

  test('is carried on, with what was set since', () => {
    const next = extractContext(carrier()).run(() => {
      limit.set(3);
      return injectContext();
    });
    expect(namesIn(extractContext(next))).toEqual({ tenant: 'acme', limit: 3 });
  });

  test('has no variable that this process does not know: the other side may be of another release', () => {
    const contextvars = '{"v":1,"vars":[["limit","5"],["no such variable","1"],["tenant","acme"]]}';
    expect(namesIn(extractContext({ contextvars }))).toEqual({ limit: 5, tenant: 'acme' });
  });

  test('nor one of a name that has no codec here', () => {
    expect(extractContext({ contextvars: '{"v":1,"vars":[["local","x"],["role","admin"]]}' }).size).toBe(0);
  });

  test('has only what is accepted, for which the function says true and nothing like it', () => {
    const text = new Context().run(() => {
      tenant.set('acme');
      limit.set(5);
      dryRun.set(true);
      return injectContext();
    });
    const asked: string[] = [];
    const accept = (variable: ContextVar<unknown>): boolean => {
      asked.push(variable.name);
      return variable === (tenant as ContextVar<unknown>);
    };
    expect(namesIn(extractContext(text, { accept }))).toEqual({ tenant: 'acme' });
    expect(asked).toEqual(['dryRun', 'limit', 'tenant']);
    for (const answer of [undefined, 1, 'true', {}, Promise.resolve(true)]) {
      expect(extractContext(text, { accept: () => answer as never }).size).toBe(0);
    }
  });

  test('what is not accepted is not looked at', () => {
    const contextvars = '{"v":1,"vars":[["limit","no number"],["tenant","acme"]]}';
    const context = extractContext({ contextvars }, { accept: (variable) => variable !== limit });
    expect(namesIn(context)).toEqual({ tenant: 'acme' });
  });

  test('what accept throws is thrown on', () => {
    const failure = new Error('of the program');
    const accept = (): boolean => {
      throw failure;
    };
    expect(thrownBy(() => extractContext(carrier(), { accept }))).toBe(failure);
  });
});

describe('wrong arguments are a TypeError', () => {
  test.each([null, 1, 'carrier', true, Symbol('carrier')])('injectContext(%p)', (wrong) => {
    expect(() => injectContext(wrong as never)).toThrow(
      /^injectContext: expected an object as carrier, got /,
    );
  });

  const NO_OPTIONS = [null, 1, 'options', () => {}];
  test.each(NO_OPTIONS)('%p as options', (wrong) => {
    expect(() => injectContext({}, wrong as never)).toThrow(
      /^injectContext: expected an options object, got /,
    );
    expect(() => extractContext({}, wrong as never)).toThrow(
      /^extractContext: expected an options object, got /,
    );
  });

  test.each<[option: string, wrong: unknown, expected: string]>([
    ['context', {}, 'a Context'],
    ['context', null, 'a Context'],
    ['required', tenant, 'an array as required'],
    ['required', [1], 'ContextVars as required'],
    ['required', [{ name: 'tenant', codec: codecs.string }], 'ContextVars as required'],
    ['required', null, 'an array as required'],
  ])('injectContext with %s %p', (option, wrong, expected) => {
    expect(() => injectContext({}, { [option]: wrong })).toThrow(`injectContext: expected ${expected}, got `);
  });

  test.each<[option: string, wrong: unknown, expected: string]>([
    ['accept', true, 'a function as accept'],
    ['accept', null, 'a function as accept'],
    ['acceptIds', 'yes', 'a boolean as acceptIds'],
    ['acceptIds', null, 'a boolean as acceptIds'],
    ['required', tenant, 'an array as required'],
    ['required', [undefined], 'ContextVars as required'],
  ])('extractContext with %s %p', (option, wrong, expected) => {
    expect(() => extractContext({}, { [option]: wrong })).toThrow(
      `extractContext: expected ${expected}, got `,
    );
  });
});
