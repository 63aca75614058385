import { types } from 'node:util';

/** Whether `value` is certain not to have more than `limit` characters as JSON; looks at no more of it than that. */
export function fits(value: unknown, limit: number): boolean {
  try {
    return leftAfter(value, limit) >= 0;
  } catch {
    // It throws where it is looked at, or is too deep.
    return false;
  }
}

/** What is left of the limit, below 0 as soon as there is nothing. One that goes round uses all of it. */
function leftAfter(value: unknown, limit: number): number {
  if (typeof value === 'string') return limit - value.length - 2;
  if (typeof value !== 'object' || value === null) return limit - 4;
  if (ArrayBuffer.isView(value)) return limit - 2 * value.byteLength;
  if (types.isBoxedPrimitive(value)) return limit - String(value).length;
  // Maps, sets and errors are inspected, which has limits of its own.
  if (types.isMap(value) || types.isSet(value) || value instanceof Error || hasToJSON(value))
    return limit - 2;
  let left = limit - 2;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length && left >= 0; i++) left = leftAfter(value[i], left - 1);
    return left;
  }
  for (const key in value) {
    if (left < 0) break;
    left = leftAfter((value as Record<string, unknown>)[key], left - key.length - 4);
  }
  return left;
}

function hasToJSON(value: object): boolean {
  return typeof (value as { toJSON?: unknown }).toJSON === 'function';
}
