import type { Binding, ContextVar, ScopedValue } from '../core/index.js';
import { currentFrame, PERMANENT, slotOf, wrongArgument } from '../core/internal.js';

/**
 * Gives the unit of work that the caller is in these values, as if its opener had: a ContextVar is set, a
 * ScopedValue is bound as the base.
 *
 * @throws TypeError where one is no binding; ContextError `ERR_ALREADY_BOUND` where a ScopedValue is given twice.
 */
export function bindBase(where: string, bindings: readonly Binding<unknown>[]): void {
  if (!Array.isArray(bindings)) throw wrongArgument(where, 'an array of bindings', bindings);
  const frame = currentFrame();
  if (frame === undefined) return;
  for (const binding of bindings) {
    const slot = slotOf(binding, PERMANENT);
    const variable = slot.variable as ContextVar<unknown> | ScopedValue<unknown>;
    if (variable.scoped) variable.bind(slot.read());
    else variable.set(slot.read());
  }
}
