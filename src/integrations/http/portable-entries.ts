import { ContextError, ContextVar, ScopedValue } from '../../core/index.js';
import {
  type CarrierEntry,
  contextOf,
  correlationId,
  emptyCell,
  encodeEntries,
  requestId,
  wrongArgument,
} from '../../core/internal.js';

const IDS: ReadonlySet<unknown> = new Set([requestId, correlationId]);
const ID_NAMES: ReadonlySet<string> = new Set([requestId.name, correlationId.name]);
const UNSET = Symbol('unset');

/** The ids have headers of their own, and are nowhere in `baggage`. */
export function isId(variable: ContextVar<unknown>): boolean {
  return IDS.has(variable);
}

/**
 * The portable variables that are set here, as texts; only `variables` where they are given.
 *
 * @throws ContextError `ERR_NOT_PORTABLE` where a codec cannot write a value.
 */
export function portableEntries(variables?: readonly ContextVar<unknown>[]): CarrierEntry[] {
  if (variables === undefined) return encodeEntries().filter(([name]) => !ID_NAMES.has(name));
  if (variables.length === 0) return [];
  // A Context of these alone: the codec of a variable that is not sent must not get to see, or refuse, its value.
  const cell = emptyCell();
  for (const variable of variables) {
    const value = variable.get(UNSET);
    if (value !== UNSET) cell.write(variable.index, value);
  }
  return encodeEntries(contextOf(cell));
}

/** @throws TypeError where one is no variable; ContextError `ERR_NOT_PORTABLE` where one can never cross. */
export function requirePortable(where: string, variable: unknown): asserts variable is ContextVar<unknown> {
  if (!(variable instanceof ContextVar) && !(variable instanceof ScopedValue)) {
    throw wrongArgument(where, 'a ContextVar', variable);
  }
  if (variable instanceof ScopedValue || variable.codec === undefined) {
    const reason = variable instanceof ScopedValue ? 'never leaves the process' : 'has no codec';
    throw new ContextError(
      'ERR_NOT_PORTABLE',
      `${variable} was given to ${where} and ${reason}; give it a ContextVar with a codec.`,
    );
  }
}

/** @throws as `requirePortable`, and TypeError where it is no array. */
export function requirePortables(
  where: string,
  variables: unknown,
): asserts variables is readonly ContextVar<unknown>[] | undefined {
  if (variables === undefined) return;
  if (!Array.isArray(variables)) throw wrongArgument(where, 'an array of variables', variables);
  for (const variable of variables) requirePortable(where, variable);
}
