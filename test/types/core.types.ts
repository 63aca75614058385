// Compile-time tests of core: nothing here runs. `npm run test:types` fails where one of these lines has an
// error, or where a line under `@ts-expect-error` has none.

import { EventEmitter } from 'node:events';
import {
  AsUnitOfWork,
  activeTasks,
  type Binding,
  bindContext,
  bindEmitter,
  bindIterable,
  bindLogContext,
  bindObservable,
  type Codec,
  Context,
  ContextError,
  type ContextErrorCode,
  ContextVar,
  clearLogContext,
  copyContext,
  createTask,
  currentUnit,
  type ForeignContext,
  gather,
  getLogContext,
  type LogFieldSource,
  type LogOptions,
  LogToken,
  type LogValue,
  logFields,
  onTask,
  PreserveContext,
  preserveContext,
  registerForeignContext,
  registerLogFields,
  resetLogContext,
  runUnitOfWork,
  ScopedValue,
  type TaskState,
  type TaskStatus,
  Token,
  type UnitOfWork,
  unbindLogContext,
  WithTempContext,
  withLogContext,
  withTempContext,
} from 'nestjs-contextvars/core';
import { Subject } from 'rxjs';

type Equal<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;

/** Compiles only where `T` is exactly the type of `value`: `same<string>()(text)`. */
declare function same<T>(): <V>(value: V, ...equal: Equal<T, V> extends true ? [] : [never]) => void;

const text = new ContextVar<string>('text');
const count = new ContextVar<number>('count', { default: 0 });
const role = new ScopedValue<'clerk' | 'writer'>('role');
const id = new ScopedValue<number>('id');

// --- the check itself

same<string>()('' as string);
// @ts-expect-error a literal is not string
same<string>()('a' as const);
// @ts-expect-error any is not string
same<string>()(JSON.parse(''));

// --- ContextVar: get has the variable's type and nothing else compiles

same<string>()(text.get());
same<number>()(count.get());
same<string | null>()(text.get(null));
same<string | undefined>()(text.get(undefined));
same<string | number>()(text.get(1 as number));
same<string>()(text.get('x' as string));
// @ts-expect-error a string is not a number
export const wrong1: number = text.get();
// @ts-expect-error the fallback may be what is given
export const wrong2: string = text.get(null);
// @ts-expect-error there is only one fallback
text.get('a', 'b');

same<string>()(text.name);
// @ts-expect-error the name is read-only
text.name = 'other';

// The type of a variable follows from its default.
same<ContextVar<number>>()(new ContextVar('inferred', { default: 1 }));
// @ts-expect-error a default has the variable's type
new ContextVar<string>('text', { default: 1 });
// @ts-expect-error a variable needs a name
new ContextVar<string>();
// @ts-expect-error the name is a string
new ContextVar<string>(1);
// @ts-expect-error no such option
new ContextVar<string>('text', { defaultValue: '' });

declare const textCodec: Codec<string>;
new ContextVar<string>('text', { codec: textCodec, secret: true });
// @ts-expect-error a codec of another type
new ContextVar<number>('count', { codec: textCodec });

// --- set, reset and tokens

same<Token<string>>()(text.set('a'));
same<void>()(text.reset(text.set('a')));
same<string | typeof Token.MISSING>()(text.set('a').oldValue);
same<ContextVar<string>>()(text.set('a').var);
// @ts-expect-error a number is not a string
text.set(1);
// @ts-expect-error a set needs a value
text.set();
// @ts-expect-error a Token<string> does not reset a ContextVar<number>
count.reset(text.set('a'));
// @ts-expect-error nor the other way round
text.reset(count.set(1));
// @ts-expect-error tokens are made by set
new Token();
// @ts-expect-error read-only
text.set('a').oldValue = 'b';

export const token: Token<number> = count.set(1);
// @ts-expect-error a token of one type is none of another
export const wrong3: Token<string> = count.set(1);
{
  using scoped = text.set('a');
  same<Token<string>>()(scoped);
}

const either = new ContextVar<string | number>('either');
// @ts-expect-error a variable of a wider type could be set to what the narrower one does not hold
export const wrong4: ContextVar<string> = either;
// As a key, a variable of any type will do.
export const keys: Map<ContextVar<unknown>, string> = new Map([[text, 'a']]);

// --- run and as

same<number>()(text.run('a', () => 1 as number));
same<Promise<boolean>>()(text.run('a', async () => true as boolean));
same<Binding<string>>()(text.as('a'));
// @ts-expect-error a number is not a string
text.run(1, () => {});
// @ts-expect-error nothing to run
text.run('a');
// @ts-expect-error a number is not a string
text.as(1);

// --- ScopedValue

same<'clerk' | 'writer'>()(role.get());
same<'clerk' | 'writer' | null>()(role.get(null));
same<void>()(role.bind('clerk'));
same<number>()(role.run('writer', () => 1 as number));
same<Binding<'clerk' | 'writer'>>()(role.as('writer'));
// @ts-expect-error not one of its values
role.bind('admin');
// @ts-expect-error not one of its values
role.run('admin', () => {});
// @ts-expect-error not one of its values
role.as('admin');
// @ts-expect-error no set
role.set('clerk');
// @ts-expect-error no reset
role.reset(text.set('a'));
// @ts-expect-error no default
new ScopedValue<string>('role', { default: 'clerk' });
// @ts-expect-error never leaves the process
new ScopedValue<string>('role', { codec: textCodec });

const otherText = new ScopedValue<string>('other');
// @ts-expect-error a ScopedValue<number> is no ScopedValue<string>
export const wrong6: ScopedValue<string> = id;
// @ts-expect-error nor the other way round
export const wrong7: ScopedValue<number> = otherText;
// @ts-expect-error a ScopedValue is no ContextVar
export const wrong8: ContextVar<string> = otherText;
// @ts-expect-error a ContextVar is no ScopedValue
export const wrong9: ScopedValue<string> = text;

// --- Context

const context = new Context();
same<Context>()(context.copy());
same<Context>()(copyContext());
same<string | undefined>()(context.get(text));
same<number | undefined>()(context.get(count));
same<boolean>()(context.has(count));
same<number>()(context.size);
same<boolean>()(context.equals(copyContext()));
// @ts-expect-error a Context is keyed by variables
context.get('text');
// @ts-expect-error a ScopedValue is not read through a Context
context.get(role);
// @ts-expect-error a Context starts empty
new Context(context);
// @ts-expect-error read-only
context.set(text, 'a');
for (const [variable, value] of context) {
  same<string>()(variable.name);
  same<unknown>()(value);
}

same<string>()(context.run((a: number, b: string) => b.repeat(a), 1, 'b'));
same<Promise<number>>()(context.run(async (a: number) => a, 1));
same<void>()(context.run(() => {}));
// @ts-expect-error an argument is missing
context.run((a: number, b: string) => b.repeat(a), 1);
// @ts-expect-error an argument has the wrong type
context.run((a: number) => a, 'a');
// @ts-expect-error an argument too many
context.run((a: number) => a, 1, 2);
// @ts-expect-error nothing to run
context.run();

// --- temporary scopes

same<number>()(withTempContext([text.as('a'), role.as('writer')], () => 1 as number));
same<Promise<string>>()(withTempContext([], async () => 'a' as string));
// @ts-expect-error a variable is no binding
withTempContext([text], () => {});
// @ts-expect-error an array of bindings
withTempContext(text.as('a'), () => {});

export class Ledger {
  readonly account = 'a';

  @WithTempContext(role.as('writer'))
  one(): void {}

  @WithTempContext(role.as('writer'), text.as('a'))
  several(): void {}

  @WithTempContext(function (this: Ledger, tenant: string, _amount: number) {
    return [text.as(`${this.account}-${tenant}`)];
  })
  made(tenant: string, amount: number): string {
    return `${tenant}${amount}`;
  }

  @WithTempContext((tenant: string) => [text.as(tenant), role.as('writer')])
  madeByArrow(tenant: string): string {
    return tenant;
  }

  // @ts-expect-error a variable is no binding
  @WithTempContext(text)
  wrong(): void {}

  // @ts-expect-error the function makes bindings
  @WithTempContext((tenant: string) => tenant)
  wrongToo(tenant: string): string {
    return tenant;
  }

  @PreserveContext()
  @AsUnitOfWork({ kind: 'cron' })
  preserved(): void {}

  @PreserveContext({ name: 'job', background: true })
  @AsUnitOfWork({ kind: 'cron', id: (order: { id: string }) => order.id })
  background(order: { id: string }): string {
    return order.id;
  }

  // @ts-expect-error no such option
  @PreserveContext({ detached: true })
  wrongOption(): void {}

  // @ts-expect-error a unit of work has a kind
  @AsUnitOfWork({})
  noKind(): void {}
}

// @ts-expect-error it decorates methods
@PreserveContext()
export class NotAMethod {}

// --- gather: a tuple of what each function comes to

same<Promise<[string, number, boolean]>>()(
  gather([() => '' as string, async () => 1 as number, () => Promise.resolve(true as boolean)]),
);
same<Promise<[]>>()(gather([]));
declare const functions: (() => Promise<string>)[];
same<Promise<string[]>>()(gather(functions));
// @ts-expect-error functions, not promises
gather([Promise.resolve(1)]);
// @ts-expect-error without parameters
gather([(a: number) => a]);

// --- createTask: a promise of what the function comes to

same<Promise<string>>()(createTask(() => '' as string));
same<Promise<string>>()(createTask(async () => '' as string));
same<Promise<string>>()(createTask(async () => Promise.resolve(Promise.resolve('' as string))));
same<Promise<void>>()(createTask(() => {}, { name: 'task', context }));
// @ts-expect-error a Context, not a variable
createTask(() => {}, { context: text });
// @ts-expect-error without parameters
createTask((a: number) => a);

// --- preserveContext, bindContext and bindEmitter keep the type of what they are given

type Handler = (order: string, amount?: number) => Promise<boolean>;
declare const handler: Handler;
same<Handler>()(preserveContext(handler));
same<Handler>()(preserveContext(handler, { background: true, name: 'handler' }));
same<Handler>()(bindContext(handler));
// @ts-expect-error an argument has the wrong type
preserveContext(handler)(1);
// @ts-expect-error a function
preserveContext('handler');
// @ts-expect-error a function
bindContext({});

export class Bus extends EventEmitter {
  readonly own = true;
}
same<Bus>()(bindEmitter(new Bus()));
// @ts-expect-error an emitter
bindEmitter({});
declare const signal: AbortSignal;
same<AbortSignal>()(bindEmitter(signal));

// --- bindIterable and bindObservable too

declare const rows: AsyncGenerator<string, void, number>;
same<AsyncGenerator<string, void, number>>()(bindIterable(rows));
same<Set<string>>()(bindIterable(new Set<string>()));
// @ts-expect-error an iterable
bindIterable({});
same<Subject<string>>()(bindObservable(new Subject<string>()));
// @ts-expect-error an Observable
bindObservable({});

// --- signals and the progress of tasks

void createTask(() => {}, { signal });
void createTask(() => {}, { signal: currentUnit()?.signal });
preserveContext(handler, { signal: (order, amount) => (order === '' || amount === 0 ? undefined : signal) });
// @ts-expect-error the arguments are those of the function
preserveContext(handler, { signal: (order: number) => (order ? signal : undefined) });
PreserveContext({ background: true, signal: (order: string) => (order === '' ? undefined : signal) });
same<TaskStatus[]>()(activeTasks());
same<() => void>()(onTask(({ state }) => same<TaskState>()(state)));

// --- units of work

same<UnitOfWork | undefined>()(currentUnit());
same<number>()(runUnitOfWork({ kind: 'test' }, () => 1 as number));
same<Promise<number>>()(runUnitOfWork({ kind: 'test', id: 'a', context }, async () => 1 as number));
// @ts-expect-error a unit of work has a kind
runUnitOfWork({}, () => {});
// @ts-expect-error a Context
runUnitOfWork({ kind: 'test', context: {} }, () => {});

declare const unit: UnitOfWork;
same<string>()(unit.id);
same<string>()(unit.kind);
same<Date>()(unit.startedAt);
same<AbortSignal>()(unit.signal);
same<boolean>()(unit.ended);
// @ts-expect-error read-only
unit.ended = true;

// --- foreign contexts

declare const foreign: ForeignContext<string>;
registerForeignContext(foreign);
registerForeignContext<string>({
  name: 'theirs',
  capture: () => 'state',
  run: (state, fn) => {
    same<string | undefined>()(state);
    return fn();
  },
  fork: (state, forUnit) => {
    same<UnitOfWork>()(forUnit);
    return state;
  },
  adopt: (open) => open(),
});
// @ts-expect-error a name and three functions
registerForeignContext({ name: 'theirs' });

// --- logs

same<LogToken>()(bindLogContext({ orderId: 7, user: { name: 'Ann' }, none: undefined }));
same<void>()(resetLogContext(bindLogContext({})));
same<void>()(unbindLogContext('orderId', 'user'));
same<void>()(clearLogContext());
same<Promise<number>>()(withLogContext({ step: 1 }, async () => 1 as number));
same<Record<string, LogValue>>()(getLogContext());
same<Record<string, LogValue>>()(logFields());
same<() => void>()(registerLogFields({ name: 'process', fields: () => ({ service: 'orders' }) }));
registerLogFields({ name: 'sometimes', fields: () => undefined } satisfies LogFieldSource);
{
  using bound = bindLogContext({ step: 1 });
  same<LogToken>()(bound);
}
new ContextVar<string>('text', { log: 'text' });
new ContextVar<{ id: number }>('user', { log: { key: 'userId', format: ({ id }) => id } });
new ScopedValue<{ id: number }>('actor', { log: { key: 'actorId', format: ({ id }) => id } });
new ScopedValue('plain', { secret: true });
// The type of a variable follows from its format too.
same<ContextVar<number>>()(
  new ContextVar('inferred', { log: { key: 'k', format: (value: number) => value } }),
);
const userLog: LogOptions<{ id: number }> = { key: 'userId' };
new ContextVar<{ id: number }>('user', { log: userLog });
// What a record has, JSON can say.
export const values: LogValue[] = ['text', 1, true, null, [1, ['a']], { nested: { list: [null] } }];
// @ts-expect-error no JSON
export const wrongValue: LogValue = new Date();
// @ts-expect-error no fields
bindLogContext('orderId');
// @ts-expect-error no fields
withLogContext(() => {});
// @ts-expect-error keys are strings
unbindLogContext(1);
// @ts-expect-error tokens of variables are others
resetLogContext(text.set('a'));
// @ts-expect-error tokens are made by bindLogContext
new LogToken();
// @ts-expect-error a source has a name
registerLogFields({ fields: () => ({}) });
// @ts-expect-error no fields
registerLogFields({ name: 'source', fields: () => 'text' });
// @ts-expect-error a key is needed
new ContextVar<string>('text', { log: {} });
// @ts-expect-error the value has another type
new ContextVar<string>('text', { log: { key: 'k', format: (value: number) => value } });

// --- errors

declare const failure: unknown;
if (failure instanceof ContextError) {
  same<ContextErrorCode>()(failure.code);
  // @ts-expect-error no such code
  same<boolean>()(failure.code === 'ERR_NO_SUCH_CODE');
}

// --- what is a class is a type too

export interface Uses {
  readonly variable: ContextVar<string>;
  readonly scoped: ScopedValue<string>;
  readonly token: Token<string>;
  readonly context: Context;
  readonly binding: Binding<string>;
  readonly error: ContextError;
  readonly logToken: LogToken;
}
same<boolean>()(failure instanceof Context);
same<boolean>()(failure instanceof ContextVar);
same<boolean>()(failure instanceof ScopedValue);
same<boolean>()(failure instanceof Token);
same<boolean>()(failure instanceof LogToken);
