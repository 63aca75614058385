import { toLogValue } from '../../core/internal.js';
import { withoutControls } from './without-controls.js';

/**
 * Readies `fields` for having `given` assigned, as pino does: a member `__proto__`, which parsed JSON can have, would
 * become the prototype. It is written as `_proto_`, as in the fields of the context.
 */
export function keepPrototype(fields: Record<string, unknown>, given: object): void {
  try {
    // Most often there is none, and that takes less time to see.
    if (!hasMembers(given) || !Object.hasOwn(given, '__proto__')) return;
    const member: unknown = Reflect.get(given, '__proto__');
    Object.defineProperty(fields, '__proto__', { value: undefined, writable: true });
    fields._proto_ = withoutControls(toLogValue(member));
  } catch {
    // What throws here throws again when pino looks at it.
  }
}

function hasMembers(given: object): boolean {
  for (const _ in given) return true;
  return false;
}
