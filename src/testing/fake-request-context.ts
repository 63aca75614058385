import { type Binding, type ContextVar, copyContext, type ScopedValue } from '../core/index.js';
import { optionsOf, requireFunction, requireOptionalString, wrongArgument } from '../core/internal.js';
import { runInTestUnit } from './run-in-test-unit.js';

/** What a test fills in by hand; what it leaves out stays as it is in the real one. */
export interface RequestContextValues {
  readonly id?: string;
  /** Left out, it is the id, as in the real one. */
  readonly correlationId?: string;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly startedAt?: Date;
  /** In ms. Left out, it is counted from `startedAt`, where that is given. */
  readonly elapsed?: number;
  readonly request?: unknown;
  readonly response?: unknown;
  /** What `get` and `has` find where the variable has no value in the current context. */
  readonly bindings?: readonly Binding<unknown>[];
}

/** What is needed of the class `RequestContext`. Structural: this entry works where Nest is not installed. */
export type RequestContextShape = {
  readonly [member in Exclude<keyof RequestContextValues, 'bindings'> | 'get' | 'has']: unknown;
};

type AnyVariable = ContextVar<unknown> | ScopedValue<unknown>;
type Get = (variable: AnyVariable, ...fallback: unknown[]) => unknown;

const NONE = Symbol('none');

/**
 * A `RequestContext` for a unit test, filled by hand: no Nest application is needed, nor a unit of work.
 * Takes the class, so that what it gives is one (`instanceof`, its type). `run` and `set` act on the current
 * context, as in the real one. Code that reads `tenant.get()` itself needs `runInTestUnit`.
 *
 * @throws TypeError where a value has the wrong type.
 *
 * @example
 * const context = fakeRequestContext(RequestContext, { id: 'r-1', bindings: [tenant.as('acme')] });
 * expect(new Greeter(context).greet()).toBe('r-1 for acme');
 */
export function fakeRequestContext<C extends RequestContextShape>(
  type: new () => C,
  values?: RequestContextValues,
): C {
  const where = 'fakeRequestContext';
  requireFunction(where, type);
  const { bindings, ...given } = optionsOf(where, values) ?? {};
  check(where, given);
  const { startedAt } = given;
  const context = new type();
  for (const [member, value] of Object.entries(given)) {
    if (value !== undefined) define(context, member, { value, writable: true });
  }
  if (startedAt !== undefined && given.elapsed === undefined) {
    define(context, 'elapsed', { get: () => Date.now() - startedAt.getTime() });
  }
  if (bindings !== undefined) findIn(context, bindings);
  return context;
}

function findIn(context: RequestContextShape, bindings: readonly Binding<unknown>[]): void {
  const filled = runInTestUnit({ bindings }, copyContext);
  const find = (variable: AnyVariable): unknown => {
    const current = variable.get(NONE);
    return current === NONE ? filled.run(() => variable.get(NONE)) : current;
  };
  const get = context.get as Get;
  const has = context.has as Get;
  define(context, 'get', {
    value: (variable: AnyVariable, ...fallback: unknown[]) => {
      const found = find(variable);
      return found === NONE ? Reflect.apply(get, context, [variable, ...fallback]) : found;
    },
  });
  define(context, 'has', {
    value: (variable: AnyVariable) =>
      find(variable) !== NONE || (Reflect.apply(has, context, [variable]) as boolean),
  });
}

function define(context: object, member: string, property: PropertyDescriptor): void {
  Object.defineProperty(context, member, { ...property, configurable: true });
}

function check(where: string, { startedAt, elapsed, ...others }: RequestContextValues): void {
  for (const text of ['id', 'correlationId', 'traceId', 'spanId'] as const) {
    requireOptionalString(where, text, others[text]);
  }
  if (startedAt !== undefined && !(startedAt instanceof Date)) {
    throw wrongArgument(where, 'a Date as startedAt', startedAt);
  }
  if (elapsed !== undefined && typeof elapsed !== 'number') {
    throw wrongArgument(where, 'a number of ms as elapsed', elapsed);
  }
}
