import {
  optionsOf,
  requireFunction,
  requireName,
  requireOptionalString,
  wrongArgument,
} from './arguments.js';
import { emptyCell } from './cell.js';
import { type Context, cellOf } from './context.js';
import { runExtent } from './follow.js';
import { currentFrame } from './foreign-context.js';
import { wrapMethod } from './method-decorator.js';
import type { UnitOfWork } from './unit.js';
import { UnitExtent } from './unit-extent.js';

export interface UnitOptions {
  /** What kind of work it is: `cron`, `command`, the name of a queue ... */
  readonly kind: string;
  /** Default: a UUID. */
  readonly id?: string;
  /** What it is called in diagnostics. Default: none, or the method that is decorated. */
  readonly name?: string;
  /** Runs in this Context itself. Default: an empty one, whatever is current. */
  readonly context?: Context;
}

export interface AsUnitOfWorkOptions<A extends unknown[] = unknown[]>
  extends Omit<UnitOptions, 'id' | 'name' | 'context'> {
  /** Makes the id of the unit from the arguments of the call. Default: a UUID. */
  readonly id?: (...args: A) => string;
}

/**
 * Runs `fn` as a unit of work, which ends when the call settles. It starts empty, never from the context
 * that happens to be current, unless one is given.
 *
 * @throws TypeError where `kind`, `id` or `name` is not a non-empty string, or `context` no Context.
 *
 * @example
 * await runUnitOfWork({ kind: 'import' }, async () => importFile(path));
 */
export function runUnitOfWork<R>(options: UnitOptions, fn: () => R): R {
  return runUnit('runUnitOfWork', options, fn);
}

function runUnit<R>(where: string, options: UnitOptions, fn: () => R): R {
  const { kind, id, name, context } = optionsOf(where, options) ?? ({} as Partial<UnitOptions>);
  requireName(`${where}: kind`, kind);
  requireOptionalString(where, 'id', id);
  requireOptionalString(where, 'name', name);
  requireFunction(where, fn);
  const cell = context === undefined ? emptyCell() : cellOf(where, context);
  const extent = new UnitExtent({
    kind,
    cell,
    foreign: cell.foreign,
    id,
    name,
    given: context !== undefined,
  });
  if (cell.unit === undefined || cell.unit.ended) cell.unit = extent.unit;
  return runExtent(extent, fn);
}

/**
 * Makes each call of a method a unit of work that starts empty: a cron handler, a CLI command, a consumer of
 * a queue without an integration.
 *
 * @example
 * class Nightly {
 *   \@Cron('0 3 * * *')
 *   \@AsUnitOfWork({ kind: 'cron' })
 *   async cleanUp() { ... }
 * }
 */
export function AsUnitOfWork<A extends unknown[]>(options: AsUnitOfWorkOptions<A>): MethodDecorator {
  const where = '@AsUnitOfWork';
  const { kind, id } = optionsOf(where, options) ?? ({} as Partial<AsUnitOfWorkOptions<A>>);
  requireName(`${where}: kind`, kind);
  if (id !== undefined && typeof id !== 'function') throw wrongArgument(where, 'a function as id', id);
  return wrapMethod(
    where,
    (method, name) =>
      function (this: unknown, ...args: never[]) {
        const unit: UnitOptions = { kind, name, ...(id && { id: Reflect.apply(id, this, args) as string }) };
        return runUnit(where, unit, () => Reflect.apply(method, this, args) as unknown);
      },
  );
}

/** The unit of work that the running code belongs to; undefined outside any. */
export function currentUnit(): UnitOfWork | undefined {
  return currentFrame()?.unit;
}
