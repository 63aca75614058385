// Wrong argument types are a TypeError at every public entry, wherever it is called, and change nothing.

import {
  AsUnitOfWork,
  bindContext,
  bindEmitter,
  bindIterable,
  bindObservable,
  Context,
  ContextError,
  ContextVar,
  createTask,
  gather,
  onTask,
  PreserveContext,
  preserveContext,
  registerForeignContext,
  runUnitOfWork,
  ScopedValue,
  Token,
  WithTempContext,
  withTempContext,
} from '../../src/core/index.js';
import { outcomeOf } from './support/outcome.js';
import { startingStates } from './support/starting-states.js';

const variable = new ContextVar<string>('variable');
const scoped = new ScopedValue<string>('scoped');
const foreign = {
  name: 'theirs',
  capture: () => 1,
  run: (_: unknown, fn: () => unknown) => fn(),
  fork: () => 1,
};
const noop = (): void => {};

/** What is called with each wrong value in turn, and how the error begins; the other arguments are right. */
type Entry = readonly [
  entry: string,
  message: string,
  wrong: readonly unknown[],
  call: (wrong: never) => unknown,
];

const NO_NAME = [undefined, null, 1, '', {}, Symbol('name'), ['name'], noop];
const NO_OPTIONS = [null, 1, 'options', true, Symbol('options'), noop];
const NO_FUNCTION = [undefined, null, 1, 'function', {}, [noop], Promise.resolve()];
const NO_BOOLEAN = [null, 0, 1, 'true', {}];
const NO_TEXT = [null, 1, '', {}, Symbol('text')];
const NO_CONTEXT = [null, 1, 'context', {}, noop, new Map(), Object.create(Context.prototype)];
const NO_VARIABLE = [undefined, null, 1, 'variable', {}, scoped, noop, Object.create(ContextVar.prototype)];
const NO_BINDING = [
  undefined,
  null,
  1,
  'binding',
  {},
  variable,
  scoped,
  Object.create(Object.getPrototypeOf(variable.as('x'))),
];

const decorate = (decorator: MethodDecorator, target: object): void => {
  decorator(target, 'method', Object.getOwnPropertyDescriptor(target, 'method') as PropertyDescriptor);
};
const callUnder = (bindings: () => never): void => {
  class Target {
    @WithTempContext(bindings)
    method(): void {}
  }
  new Target().method();
};
/** Targets of which `method` is no method: a value, an accessor, nothing at all. */
const NO_METHOD = [
  { method: 1 },
  {
    get method(): unknown {
      return noop;
    },
  },
  {},
];

const entries: readonly Entry[] = [
  [
    'new ContextVar(name)',
    'ContextVar: expected a non-empty string as name',
    NO_NAME,
    (wrong) => new ContextVar(wrong),
  ],
  [
    'new ContextVar(_, options)',
    "ContextVar 'name': expected an options object",
    NO_OPTIONS,
    (wrong) => new ContextVar('name', wrong),
  ],
  [
    'new ContextVar(_, { secret })',
    "ContextVar 'name': expected a boolean as secret",
    NO_BOOLEAN,
    (wrong) => new ContextVar('name', { secret: wrong }),
  ],
  [
    'new ContextVar(_, { codec })',
    "ContextVar 'name': expected a codec with encode and decode",
    [null, 1, 'json', noop, {}, { encode: noop }, { decode: noop }, { encode: 1, decode: noop }],
    (wrong) => new ContextVar('name', { codec: wrong }),
  ],
  [
    'ContextVar.reset(token)',
    "ContextVar 'variable'.reset: expected a Token",
    [undefined, null, 1, {}, Token.MISSING, Object.create(Token.prototype)],
    (wrong) => variable.reset(wrong),
  ],
  [
    'ContextVar.run(_, fn)',
    "ContextVar 'variable'.run: expected a function",
    NO_FUNCTION,
    (wrong) => variable.run('value', wrong),
  ],
  [
    'new Context(argument)',
    'Context: takes no arguments',
    [undefined, null, 1, {}, new Context()],
    (wrong) => new (Context as any)(wrong),
  ],
  ['Context.run(fn)', 'Context.run: expected a function', NO_FUNCTION, (wrong) => new Context().run(wrong)],
  [
    'Context.get(variable)',
    'Context.get: expected a ContextVar as key',
    NO_VARIABLE,
    (wrong) => new Context().get(wrong),
  ],
  [
    'Context.has(variable)',
    'Context.has: expected a ContextVar as key',
    NO_VARIABLE,
    (wrong) => new Context().has(wrong),
  ],
  [
    'new ScopedValue(name)',
    'ScopedValue: expected a non-empty string as name',
    NO_NAME,
    (wrong) => new ScopedValue(wrong),
  ],
  [
    'new ScopedValue(_, options)',
    "ScopedValue 'name': expected an options object",
    NO_OPTIONS,
    (wrong) => new ScopedValue('name', wrong),
  ],
  [
    'new ScopedValue(_, { secret })',
    "ScopedValue 'name': expected a boolean as secret",
    NO_BOOLEAN,
    (wrong) => new ScopedValue('name', { secret: wrong }),
  ],
  [
    'ScopedValue.run(_, fn)',
    "ScopedValue 'scoped'.run: expected a function",
    NO_FUNCTION,
    (wrong) => scoped.run('value', wrong),
  ],
  [
    'new Token(argument)',
    'Token: made by ContextVar.set only',
    [undefined, variable],
    (wrong) => new (Token as any)(wrong, variable),
  ],
  [
    'withTempContext(bindings)',
    'withTempContext: expected an array of bindings',
    [undefined, null, 1, {}, variable.as('value'), new Set([variable.as('value')])],
    (wrong) => withTempContext(wrong, noop),
  ],
  [
    'withTempContext([binding])',
    'withTempContext: expected bindings made by variable.as(value)',
    NO_BINDING,
    (wrong) => withTempContext([variable.as('value'), wrong], noop),
  ],
  [
    'withTempContext(_, fn)',
    'withTempContext: expected a function',
    NO_FUNCTION,
    (wrong) => withTempContext([], wrong),
  ],
  [
    '@WithTempContext(binding)',
    '@WithTempContext: expected bindings made by variable.as(value)',
    NO_BINDING,
    (wrong) => WithTempContext(wrong),
  ],
  [
    '@WithTempContext(_, binding)',
    '@WithTempContext: expected bindings made by variable.as(value)',
    NO_BINDING,
    (wrong) => WithTempContext(variable.as('value'), wrong),
  ],
  [
    '@WithTempContext() without any',
    '@WithTempContext: expected at least one binding',
    [undefined],
    () => WithTempContext(),
  ],
  [
    '@WithTempContext(function) whose result is wrong',
    '@WithTempContext: expected an array of bindings',
    [undefined, null, 1, variable.as('value')],
    (wrong) => callUnder(() => wrong),
  ],
  [
    '@WithTempContext(function) whose result holds what is wrong',
    '@WithTempContext: expected bindings made by variable.as(value)',
    NO_BINDING.map((wrong) => [wrong]),
    (wrong) => callUnder(() => wrong),
  ],
  [
    '@WithTempContext on what is no method',
    '@WithTempContext: expected a method to decorate',
    NO_METHOD,
    (wrong) => decorate(WithTempContext(variable.as('a')), wrong),
  ],
  ['createTask(fn)', 'createTask: expected a function', NO_FUNCTION, (wrong) => createTask(wrong)],
  [
    'createTask(_, options)',
    'createTask: expected an options object',
    NO_OPTIONS,
    (wrong) => createTask(noop, wrong),
  ],
  [
    'createTask(_, { name })',
    'createTask: expected a non-empty string as name',
    NO_TEXT,
    (wrong) => createTask(noop, { name: wrong }),
  ],
  [
    'createTask(_, { context })',
    'createTask: expected a Context',
    NO_CONTEXT,
    (wrong) => createTask(noop, { context: wrong }),
  ],
  [
    'createTask(_, { signal })',
    'createTask: expected an AbortSignal as signal',
    [null, 1, {}, noop],
    (wrong) => createTask(noop, { signal: wrong }),
  ],
  [
    'gather(fns)',
    'gather: expected an array of functions',
    [undefined, null, 1, {}, noop, new Set([noop])],
    (wrong) => gather(wrong),
  ],
  ['gather([fn])', 'gather: expected a function', NO_FUNCTION, (wrong) => gather([noop, wrong])],
  [
    'preserveContext(fn)',
    'preserveContext: expected a function',
    NO_FUNCTION,
    (wrong) => preserveContext(wrong),
  ],
  [
    'preserveContext(_, options)',
    'preserveContext: expected an options object',
    NO_OPTIONS,
    (wrong) => preserveContext(noop, wrong),
  ],
  [
    'preserveContext(_, { name })',
    'preserveContext: expected a non-empty string as name',
    NO_TEXT,
    (wrong) => preserveContext(noop, { name: wrong }),
  ],
  [
    'preserveContext(_, { background })',
    'preserveContext: expected a boolean as background',
    NO_BOOLEAN,
    (wrong) => preserveContext(noop, { background: wrong }),
  ],
  [
    'preserveContext(_, { signal })',
    'preserveContext: expected a function as signal',
    [null, 1, {}, AbortSignal.abort()],
    (wrong) => preserveContext(noop, { signal: wrong }),
  ],
  [
    '@PreserveContext(options)',
    '@PreserveContext: expected an options object',
    NO_OPTIONS,
    (wrong) => PreserveContext(wrong),
  ],
  [
    '@PreserveContext({ name })',
    '@PreserveContext: expected a non-empty string as name',
    NO_TEXT,
    (wrong) => PreserveContext({ name: wrong }),
  ],
  [
    '@PreserveContext({ background })',
    '@PreserveContext: expected a boolean as background',
    NO_BOOLEAN,
    (wrong) => PreserveContext({ background: wrong }),
  ],
  [
    '@PreserveContext on what is no method',
    '@PreserveContext: expected a method to decorate',
    NO_METHOD,
    (wrong) => decorate(PreserveContext(), wrong),
  ],
  ['bindContext(fn)', 'bindContext: expected a function', NO_FUNCTION, (wrong) => bindContext(wrong)],
  [
    'bindEmitter(emitter)',
    'bindEmitter: expected an EventEmitter or an EventTarget',
    [undefined, null, 1, {}, noop, { on: noop }, { emit: noop }, { addEventListener: noop }],
    (wrong) => bindEmitter(wrong),
  ],
  [
    'bindIterable(iterable)',
    'bindIterable: expected an iterable or an iterator that is one',
    [undefined, null, 1, 'text', {}, noop],
    (wrong) => bindIterable(wrong),
  ],
  [
    'bindObservable(source)',
    'bindObservable: expected an Observable',
    [undefined, null, 1, {}, noop],
    (wrong) => bindObservable(wrong),
  ],
  ['onTask(listener)', 'onTask: expected a function', NO_FUNCTION, (wrong) => onTask(wrong)],
  [
    'runUnitOfWork(options)',
    'runUnitOfWork: expected an options object',
    NO_OPTIONS,
    (wrong) => runUnitOfWork(wrong, noop),
  ],
  [
    'runUnitOfWork() without options',
    'runUnitOfWork: kind: expected a non-empty string as name',
    [undefined],
    (wrong) => runUnitOfWork(wrong, noop),
  ],
  [
    'runUnitOfWork({ kind })',
    'runUnitOfWork: kind: expected a non-empty string as name',
    NO_NAME,
    (wrong) => runUnitOfWork({ kind: wrong }, noop),
  ],
  [
    'runUnitOfWork({ id })',
    'runUnitOfWork: expected a non-empty string as id',
    NO_TEXT,
    (wrong) => runUnitOfWork({ kind: 'test', id: wrong }, noop),
  ],
  [
    'runUnitOfWork({ context })',
    'runUnitOfWork: expected a Context',
    NO_CONTEXT,
    (wrong) => runUnitOfWork({ kind: 'test', context: wrong }, noop),
  ],
  [
    'runUnitOfWork(_, fn)',
    'runUnitOfWork: expected a function',
    NO_FUNCTION,
    (wrong) => runUnitOfWork({ kind: 'test' }, wrong),
  ],
  [
    '@AsUnitOfWork(options)',
    '@AsUnitOfWork: expected an options object',
    NO_OPTIONS,
    (wrong) => AsUnitOfWork(wrong),
  ],
  [
    '@AsUnitOfWork() without options',
    '@AsUnitOfWork: kind: expected a non-empty string as name',
    [undefined],
    (wrong) => AsUnitOfWork(wrong),
  ],
  [
    '@AsUnitOfWork({ kind })',
    '@AsUnitOfWork: kind: expected a non-empty string as name',
    NO_NAME,
    (wrong) => AsUnitOfWork({ kind: wrong }),
  ],
  [
    '@AsUnitOfWork({ id })',
    '@AsUnitOfWork: expected a function as id',
    [null, 1, 'id', {}],
    (wrong) => AsUnitOfWork({ kind: 'test', id: wrong }),
  ],
  [
    '@AsUnitOfWork({ id }) whose result is wrong',
    '@AsUnitOfWork: expected a non-empty string as id',
    NO_TEXT,
    (wrong) => {
      class Target {
        @AsUnitOfWork({ kind: 'test', id: () => wrong })
        method(): void {}
      }
      return new Target().method();
    },
  ],
  [
    '@AsUnitOfWork on what is no method',
    '@AsUnitOfWork: expected a method to decorate',
    NO_METHOD,
    (wrong) => decorate(AsUnitOfWork({ kind: 'test' }), wrong),
  ],
  [
    'registerForeignContext(foreign)',
    'registerForeignContext: expected a ForeignContext',
    [undefined, null, 1, 'theirs', noop],
    (wrong) => registerForeignContext(wrong),
  ],
  [
    'registerForeignContext({ name })',
    'registerForeignContext: expected a non-empty string as name',
    NO_NAME,
    (wrong) => registerForeignContext({ ...foreign, name: wrong } as never),
  ],
  ...(['capture', 'run', 'fork'] as const).map(
    (part): Entry => [
      `registerForeignContext({ ${part} })`,
      'registerForeignContext: expected a function',
      NO_FUNCTION,
      (wrong) => registerForeignContext({ ...foreign, [part]: wrong } as never),
    ],
  ),
  [
    'registerForeignContext({ carried })',
    'registerForeignContext: expected an object as carried',
    [null, 1, 'carried', noop],
    (wrong) => registerForeignContext({ ...foreign, carried: wrong } as never),
  ],
  ...(['write', 'read'] as const).map(
    (part): Entry => [
      `registerForeignContext({ carried: { ${part} } })`,
      'registerForeignContext: expected a function',
      NO_FUNCTION,
      (wrong) =>
        registerForeignContext({ ...foreign, carried: { write: noop, read: noop, [part]: wrong } } as never),
    ],
  ),
  [
    'registerForeignContext({ carried: { forget } })',
    'registerForeignContext: expected a function',
    [null, 1, {}, 'forget'],
    (wrong) =>
      registerForeignContext({ ...foreign, carried: { write: noop, read: noop, forget: wrong } } as never),
  ],
  [
    'registerForeignContext({ adopt })',
    'registerForeignContext: expected a function',
    [null, 1, {}, 'adopt'],
    (wrong) => registerForeignContext({ ...foreign, adopt: wrong } as never),
  ],
];

describe.each(startingStates)('in %s', (_state, start) => {
  test.each(entries)('%s refuses what is of another type', (_entry, message, wrong, call) =>
    start(async () => {
      for (const value of wrong) {
        const outcome = await outcomeOf(() => call(value as never));
        expect(outcome).toEqual({ error: expect.any(TypeError) });
        expect(String((outcome as { error: unknown }).error).split(', got ')[0]).toBe(
          `TypeError: ${message}`,
        );
      }
    }),
  );
});

test('tokens are made by ContextVar.set only', () => {
  const Derived = class extends (Token as unknown as new (...args: unknown[]) => object) {};
  for (const make of [
    () => new (Token as any)(Symbol('token'), variable),
    () => new Derived(undefined, variable),
  ])
    expect(make).toThrow(new TypeError('Token: made by ContextVar.set only'));
});

test('no class of the library can be subclassed', () => {
  for (const [name, type] of Object.entries({ ContextVar, ScopedValue, Context })) {
    const Derived = class extends (type as any) {};
    expect(() => new (Derived as any)('name')).toThrow(new TypeError(`${name}: cannot be subclassed`));
  }
  expect(() => new (Context as any)(1)).toThrow(new TypeError('Context: takes no arguments'));
});

test('classes are not called as functions, and members not on other objects', () => {
  for (const type of [ContextVar, Context, ScopedValue, Token, ContextError]) {
    expect(() => (type as unknown as (name: string) => unknown)('name')).toThrow(TypeError);
  }
  expect(() => ContextVar.prototype.set.call({} as never, 'value' as never)).toThrow(TypeError);
  expect(() => Context.prototype.copy.call({} as never)).toThrow(TypeError);
});

test('the message names the entry, what it expects and the kind of what it got', () => {
  expect(() => new ContextVar('role', { secret: 'yes' as never })).toThrow(
    "ContextVar 'role': expected a boolean as secret, got a string",
  );
  expect(() => runUnitOfWork({ kind: 'test' }, null as never)).toThrow(
    'runUnitOfWork: expected a function, got null',
  );
  expect(() => withTempContext([[] as never], noop)).toThrow(
    /bindings made by variable\.as\(value\), got an array/,
  );
});

const { proxy: REVOKED, revoke } = Proxy.revocable({}, {});
revoke();

test.each([
  [undefined, 'undefined'],
  [null, 'null'],
  [1, 'a number'],
  ['text', 'a string'],
  [Symbol('text'), 'a symbol'],
  [[noop], 'an array'],
  [{}, 'an object of another class'],
  [REVOKED, 'an object of another class'],
])('the message says the kind of %#, and nothing of what it holds', (wrong, kind) => {
  expect(() => bindContext(wrong as never)).toThrow(
    new TypeError(`bindContext: expected a function, got ${kind}`),
  );
  expect(() => new ContextVar(noop as never)).toThrow(
    new TypeError('ContextVar: expected a non-empty string as name, got a function'),
  );
});

test('Context.equals says no to what is no Context', () => {
  for (const other of [undefined, null, 1, {}, new Map()])
    expect(new Context().equals(other as never)).toBe(false);
});
