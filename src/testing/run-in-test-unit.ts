import { types } from 'node:util';
import { type Binding, currentUnit, runUnitOfWork } from '../core/index.js';
import { optionsOf, requireFunction } from '../core/internal.js';
import { bindBase } from './base-bindings.js';
import { noteEnd } from './leftovers.js';

export interface TestUnitOptions {
  /** Values in force from the start: a ContextVar is set, a ScopedValue bound as the base. Default: none. */
  readonly bindings?: readonly Binding<unknown>[];
  /** The id of the unit, which `RequestContext.id` reads. Default: a UUID. */
  readonly id?: string;
  /** What kind of work the unit stands for. Default: `test`. */
  readonly kind?: string;
}

/**
 * Runs a test body in a unit of work of its own, which starts with these bindings and nothing else, whatever
 * is current, and ends when the body settles. Returns what the body returns.
 *
 * @throws TypeError where an argument has the wrong type; ContextError `ERR_ALREADY_BOUND` where one
 * ScopedValue is given twice.
 *
 * @example
 * test('a clerk may not refund', () =>
 *   runInTestUnit({ bindings: [tenant.as('acme'), role.as('clerk')] }, async () => {
 *     await expect(refunds.refund('order-1')).rejects.toThrow('not allowed');
 *   }));
 */
export function runInTestUnit<R>(options: TestUnitOptions, fn: () => R): R {
  const where = 'runInTestUnit';
  const { bindings = [], id, kind = 'test' } = optionsOf(where, options) ?? {};
  requireFunction(where, fn);
  return runUnitOfWork({ kind, ...(id !== undefined && { id }) }, () => {
    bindBase(where, bindings);
    const unit = currentUnit();
    const result = fn();
    if (!types.isPromise(result)) {
      noteEnd(unit);
      return result;
    }
    return result.then((value) => {
      noteEnd(unit);
      return value as unknown;
    }) as R;
  });
}
