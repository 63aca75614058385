import { requireFunction, wrongArgument } from './arguments.js';
import { type Binding, requireBinding, slotOf } from './binding.js';
import { wrapMethod } from './method-decorator.js';
import { Lease } from './slot.js';
import { storage } from './storage.js';
import { runAllBound, runBound } from './temp-scope.js';
import { inSomeUnit } from './unit-extent.js';

// A constant to the compiler; an import is read anew at each use.
const als = storage;

type AnyBinding = Binding<unknown>;

/**
 * In the context of the caller, whoever has opened it; outside any, in a unit of work that is begun for the call. With
 * the checks, and for any number of bindings.
 */
function runElsewhere<R>(where: string, bindings: readonly unknown[], fn: () => R, name?: string): R {
  requireFunction(where, fn);
  if (!Array.isArray(bindings)) throw wrongArgument(where, 'an array of bindings', bindings);
  for (const binding of bindings) requireBinding(where, binding);
  return inSomeUnit('temporary', (outer) => {
    if (bindings.length === 1) return runBound(outer, slotOf(bindings[0]), fn, name);
    const lease = new Lease();
    const slots = bindings.map((binding) => slotOf(binding, lease));
    return runAllBound(outer, slots, lease, fn, name);
  });
}

/**
 * Runs `fn` with temporary values: only `fn` and what it awaits see them, and they end when the call
 * settles, whatever it left running. A lazy result (async iterator, Observable) keeps them while it is
 * consumed. The safe form of `token = v.set(x); try { ... } finally { v.reset(token) }`.
 *
 * @throws ContextError `ERR_LAZY_RESULT` where `fn` returns a stream.
 *
 * @example
 * await withTempContext([role.as('ledger-writer'), tenant.as('acme')], async () => ledger.write(entry));
 */
export function withTempContext<R>(bindings: readonly AnyBinding[], fn: () => R): R {
  const outer = als.getStore();
  // Short for the sake of the compiler: what is not one binding, in a context of ours, is checked elsewhere.
  if (outer === undefined || bindings?.length !== 1 || typeof fn !== 'function') {
    return runElsewhere('withTempContext', bindings, fn);
  }
  return runBound(outer, slotOf(bindings[0]), fn);
}

/**
 * Gives a method temporary values for as long as a call of it lasts; see {@link withTempContext}. Takes the
 * bindings, or a function that makes them from the call's `this` and arguments.
 *
 * @example
 * class Ledger {
 *   \@WithTempContext(role.as('ledger-writer'))
 *   async refund(order: Order) { ... }
 * }
 */
export function WithTempContext(...bindings: AnyBinding[]): MethodDecorator;
export function WithTempContext<A extends unknown[]>(
  // biome-ignore lint/suspicious/noExplicitAny: `this` is the class that is decorated, which is not known here
  bindings: (this: any, ...args: A) => readonly AnyBinding[],
): MethodDecorator;
export function WithTempContext(...args: unknown[]): MethodDecorator {
  const [make] = args;
  const where = '@WithTempContext';
  if (args.length === 0) throw wrongArgument(where, 'at least one binding', undefined);
  if (typeof make !== 'function') for (const binding of args) requireBinding(where, binding);
  return wrapMethod(
    where,
    (method, name) =>
      function (this: unknown, ...callArgs: unknown[]) {
        const bindings: unknown = typeof make === 'function' ? Reflect.apply(make, this, callArgs) : args;
        return runElsewhere(where, bindings as unknown[], () => Reflect.apply(method, this, callArgs), name);
      },
  );
}
