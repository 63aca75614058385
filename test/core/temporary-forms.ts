import {
  ContextVar,
  runUnitOfWork,
  ScopedValue,
  WithTempContext,
  withTempContext,
} from '../../src/core/index.js';

// The ways to give a variable a temporary value, as rows for tables: whatever is true of one is true of all.

const data = new ContextVar<string>('data');
const role = new ScopedValue<string>('role');

class Decorated {
  @WithTempContext((value: string) => [data.as(value)])
  withData<R>(_value: string, fn: () => R): R {
    return fn();
  }

  @WithTempContext((value: string) => [role.as(value)])
  withRole<R>(_value: string, fn: () => R): R {
    return fn();
  }
}

const decorated = new Decorated();

export interface Form {
  readonly title: string;
  /** True for a ScopedValue. */
  readonly scoped: boolean;
  /** Opens a temporary scope for the call of `fn`. */
  enter<R>(value: string, fn: () => R): R;
}

export const contextVarForms: Form[] = [
  {
    title: 'a ContextVar by withTempContext',
    scoped: false,
    enter: (value, fn) => withTempContext([data.as(value)], fn),
  },
  {
    title: 'a ContextVar by @WithTempContext',
    scoped: false,
    enter: (value, fn) => decorated.withData(value, fn),
  },
];

export const scopedValueForms: Form[] = [
  {
    title: 'a ScopedValue by withTempContext',
    scoped: true,
    enter: (value, fn) => withTempContext([role.as(value)], fn),
  },
  { title: 'a ScopedValue by run', scoped: true, enter: (value, fn) => role.run(value, fn) },
  {
    title: 'a ScopedValue by @WithTempContext',
    scoped: true,
    enter: (value, fn) => decorated.withRole(value, fn),
  },
];

export const forms: Form[] = [...contextVarForms, ...scopedValueForms];

export { data, role };

/** What a call gives, or the code of its ContextError. */
export function attempt(fn: () => unknown): unknown {
  try {
    return fn();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code !== 'string') throw error;
    return code;
  }
}

/** What the running code sees: the value, or the code of the error. A fallback must never change it. */
export function see({ scoped }: Pick<Form, 'scoped'>): unknown {
  const plain = attempt(() => (scoped ? role.get() : data.get()));
  const withFallback = attempt(() => (scoped ? role.get('fallback') : data.get('fallback')));
  return plain === withFallback ? plain : `${plain}, but ${withFallback} with a fallback`;
}

/** What work left running sees after the end, where `outer` is in force around the scope. */
export function afterwards({ scoped }: Pick<Form, 'scoped'>, outer = 'base'): string {
  return scoped ? 'ERR_SCOPE_ENDED' : outer;
}

/** A unit of work in which both variables have the value 'base'. */
export function unitWithBase<R>(fn: () => R): R {
  return runUnitOfWork({ kind: 'test' }, () => {
    data.set('base');
    role.bind('base');
    return fn();
  });
}

export const failure = new Error('the call fails');

export interface Ending {
  readonly title: string;
  readonly isAsync: boolean;
  readonly fails: boolean;
}

export const endings: Ending[] = [
  { title: 'returned', isAsync: false, fails: false },
  { title: 'thrown', isAsync: false, fails: true },
  { title: 'resolved', isAsync: true, fails: false },
  { title: 'rejected', isAsync: true, fails: true },
];

export const asyncEndings: Ending[] = endings.filter(({ isAsync }) => isAsync);

export function endAs({ fails }: Ending): string {
  if (fails) throw failure;
  return 'done';
}
