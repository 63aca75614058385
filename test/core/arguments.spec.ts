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

/** What is called with each wrong value in turn; the other arguments are right. */
type Entry = readonly [entry: string, wrong: readonly unknown[], call: (wrong: never) => unknown];

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
  ['new ContextVar(name)', NO_NAME, (wrong) => new ContextVar(wrong)],
  ['new ContextVar(_, options)', NO_OPTIONS, (wrong) => new ContextVar('name', wrong)],
  ['new ContextVar(_, { secret })', NO_BOOLEAN, (wrong) => new ContextVar('name', { secret: wrong })],
  [
    'new ContextVar(_, { codec })',
    [null, 1, 'json', noop, {}, { encode: noop }, { decode: noop }, { encode: 1, decode: noop }],
    (wrong) => new ContextVar('name', { codec: wrong }),
  ],
  [
    'ContextVar.reset(token)',
    [undefined, null, 1, {}, Token.MISSING, Object.create(Token.prototype)],
    (wrong) => variable.reset(wrong),
  ],
  ['ContextVar.run(_, fn)', NO_FUNCTION, (wrong) => variable.run('value', wrong)],
  ['new Context(argument)', [undefined, null, 1, {}, new Context()], (wrong) => new (Context as any)(wrong)],
  ['Context.run(fn)', NO_FUNCTION, (wrong) => new Context().run(wrong)],
  ['Context.get(variable)', NO_VARIABLE, (wrong) => new Context().get(wrong)],
  ['Context.has(variable)', NO_VARIABLE, (wrong) => new Context().has(wrong)],
  ['new ScopedValue(name)', NO_NAME, (wrong) => new ScopedValue(wrong)],
  ['new ScopedValue(_, options)', NO_OPTIONS, (wrong) => new ScopedValue('name', wrong)],
  ['new ScopedValue(_, { secret })', NO_BOOLEAN, (wrong) => new ScopedValue('name', { secret: wrong })],
  ['ScopedValue.run(_, fn)', NO_FUNCTION, (wrong) => scoped.run('value', wrong)],
  ['new Token(argument)', [undefined, variable], (wrong) => new (Token as any)(wrong, variable)],
  [
    'withTempContext(bindings)',
    [undefined, null, 1, {}, variable.as('value'), new Set([variable.as('value')])],
    (wrong) => withTempContext(wrong, noop),
  ],
  ['withTempContext([binding])', NO_BINDING, (wrong) => withTempContext([variable.as('value'), wrong], noop)],
  ['withTempContext(_, fn)', NO_FUNCTION, (wrong) => withTempContext([], wrong)],
  ['@WithTempContext(binding)', NO_BINDING, (wrong) => WithTempContext(wrong)],
  ['@WithTempContext(_, binding)', NO_BINDING, (wrong) => WithTempContext(variable.as('value'), wrong)],
  ['@WithTempContext() without any', [undefined], () => WithTempContext()],
  [
    '@WithTempContext(function) whose result is wrong',
    [undefined, null, 1, variable.as('value'), [variable]],
    (wrong) => {
      class Target {
        @WithTempContext((() => wrong) as never)
        method(): void {}
      }
      return new Target().method();
    },
  ],
  [
    '@WithTempContext on what is no method',
    NO_METHOD,
    (wrong) => decorate(WithTempContext(variable.as('a')), wrong),
  ],
  ['createTask(fn)', NO_FUNCTION, (wrong) => createTask(wrong)],
  ['createTask(_, options)', NO_OPTIONS, (wrong) => createTask(noop, wrong)],
  ['createTask(_, { name })', NO_TEXT, (wrong) => createTask(noop, { name: wrong })],
  ['createTask(_, { context })', NO_CONTEXT, (wrong) => createTask(noop, { context: wrong })],
  ['createTask(_, { signal })', [null, 1, {}, noop], (wrong) => createTask(noop, { signal: wrong })],
  ['gather(fns)', [undefined, null, 1, {}, noop, new Set([noop])], (wrong) => gather(wrong)],
  ['gather([fn])', NO_FUNCTION, (wrong) => gather([noop, wrong])],
  ['preserveContext(fn)', NO_FUNCTION, (wrong) => preserveContext(wrong)],
  ['preserveContext(_, options)', NO_OPTIONS, (wrong) => preserveContext(noop, wrong)],
  ['preserveContext(_, { name })', NO_TEXT, (wrong) => preserveContext(noop, { name: wrong })],
  ['preserveContext(_, { background })', NO_BOOLEAN, (wrong) => preserveContext(noop, { background: wrong })],
  [
    'preserveContext(_, { signal })',
    [null, 1, {}, AbortSignal.abort()],
    (wrong) => preserveContext(noop, { signal: wrong }),
  ],
  ['@PreserveContext(options)', NO_OPTIONS, (wrong) => PreserveContext(wrong)],
  ['@PreserveContext({ name })', NO_TEXT, (wrong) => PreserveContext({ name: wrong })],
  ['@PreserveContext({ background })', NO_BOOLEAN, (wrong) => PreserveContext({ background: wrong })],
  ['@PreserveContext on what is no method', NO_METHOD, (wrong) => decorate(PreserveContext(), wrong)],
  ['bindContext(fn)', NO_FUNCTION, (wrong) => bindContext(wrong)],
  [
    'bindEmitter(emitter)',
    [undefined, null, 1, {}, noop, { on: noop }, { emit: noop }, { addEventListener: noop }],
    (wrong) => bindEmitter(wrong),
  ],
  ['bindIterable(iterable)', [undefined, null, 1, 'text', {}, noop], (wrong) => bindIterable(wrong)],
  ['bindObservable(source)', [undefined, null, 1, {}, noop], (wrong) => bindObservable(wrong)],
  ['onTask(listener)', NO_FUNCTION, (wrong) => onTask(wrong)],
  ['runUnitOfWork(options)', [undefined, ...NO_OPTIONS], (wrong) => runUnitOfWork(wrong, noop)],
  ['runUnitOfWork({ kind })', NO_NAME, (wrong) => runUnitOfWork({ kind: wrong }, noop)],
  ['runUnitOfWork({ id })', NO_TEXT, (wrong) => runUnitOfWork({ kind: 'test', id: wrong }, noop)],
  [
    'runUnitOfWork({ context })',
    NO_CONTEXT,
    (wrong) => runUnitOfWork({ kind: 'test', context: wrong }, noop),
  ],
  ['runUnitOfWork(_, fn)', NO_FUNCTION, (wrong) => runUnitOfWork({ kind: 'test' }, wrong)],
  ['@AsUnitOfWork(options)', [undefined, ...NO_OPTIONS], (wrong) => AsUnitOfWork(wrong)],
  ['@AsUnitOfWork({ kind })', NO_NAME, (wrong) => AsUnitOfWork({ kind: wrong })],
  ['@AsUnitOfWork({ id })', [null, 1, 'id', {}], (wrong) => AsUnitOfWork({ kind: 'test', id: wrong })],
  [
    '@AsUnitOfWork({ id }) whose result is wrong',
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
    NO_METHOD,
    (wrong) => decorate(AsUnitOfWork({ kind: 'test' }), wrong),
  ],
  [
    'registerForeignContext(foreign)',
    [undefined, null, 1, 'theirs', noop],
    (wrong) => registerForeignContext(wrong),
  ],
  [
    'registerForeignContext({ name })',
    NO_NAME,
    (wrong) => registerForeignContext({ ...foreign, name: wrong } as never),
  ],
  ...(['capture', 'run', 'fork'] as const).map(
    (part): Entry => [
      `registerForeignContext({ ${part} })`,
      NO_FUNCTION,
      (wrong) => registerForeignContext({ ...foreign, [part]: wrong } as never),
    ],
  ),
  [
    'registerForeignContext({ adopt })',
    [null, 1, {}, 'adopt'],
    (wrong) => registerForeignContext({ ...foreign, adopt: wrong } as never),
  ],
];

describe.each(startingStates)('in %s', (_state, start) => {
  test.each(entries)('%s refuses what is of another type', (_entry, wrong, call) =>
    start(async () => {
      const thrown: string[] = [];
      for (const value of wrong) {
        const outcome = await outcomeOf(() => call(value as never));
        thrown.push('error' in outcome ? (outcome.error as Error).name : 'nothing');
      }
      expect(thrown).toEqual(wrong.map(() => 'TypeError'));
    }),
  );
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

test('Context.equals says no to what is no Context', () => {
  for (const other of [undefined, null, 1, {}, new Map()])
    expect(new Context().equals(other as never)).toBe(false);
});
