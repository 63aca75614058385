import { requireFunction, wrongArgument } from './arguments.js';
import { type Binding, requireBinding, slotOf } from './binding.js';
import type { Frame } from './frame.js';
import { wrapMethod } from './method-decorator.js';
import { push } from './overlay.js';
import { Lease } from './slot.js';
import { outerFrame, runTemporary } from './temp-scope.js';
import { inSomeUnit } from './unit-extent.js';

type AnyBinding = Binding<unknown>;

// Apart from the callers, which would have to allocate what this closure captures at every call.
function runInNewUnit<R>(bindings: readonly unknown[], fn: () => R, name?: string): R {
  return inSomeUnit('temporary', (frame) => runBound(frame, bindings, fn, name));
}

function runBound<R>(outer: Frame, bindings: readonly unknown[], fn: () => R, name?: string): R {
  const lease = new Lease();
  const frame =
    bindings.length === 1 ? push(outer, slotOf(bindings[0], lease)) : pushAll(outer, bindings, lease);
  return runTemporary(outer, frame, lease, fn, name);
}

// Apart: the compiler takes `runBound` into its callers only while it is short.
function pushAll(outer: Frame, bindings: readonly unknown[], lease: Lease): Frame {
  return bindings.reduce<Frame>((frame, binding) => push(frame, slotOf(binding, lease)), outer);
}

function refuse(bindings: unknown, fn: unknown): never {
  requireFunction('withTempContext', fn);
  throw wrongArgument('withTempContext', 'an array of bindings', bindings);
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
  if (typeof fn !== 'function' || !Array.isArray(bindings)) refuse(bindings, fn);
  const outer = outerFrame();
  return outer === undefined ? runInNewUnit(bindings, fn) : runBound(outer, bindings, fn);
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
        if (!Array.isArray(bindings)) throw wrongArgument(where, 'an array of bindings', bindings);
        const call = () => Reflect.apply(method, this, callArgs);
        const outer = outerFrame();
        return outer === undefined
          ? runInNewUnit(bindings, call, name)
          : runBound(outer, bindings, call, name);
      },
  );
}
