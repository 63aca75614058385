import { toLogValue } from '../../core/internal.js';

/** A function may give a function. */
const DEPTH = 10;

/** What a message that is a function stands for: a class for its name, any other for what it gives, or throws. */
export function resolved(message: unknown): unknown {
  let value = message;
  try {
    for (let i = 0; typeof value === 'function' && i < DEPTH; i++)
      value = isClass(value) ? value.name : value();
  } catch (error) {
    return harmless(error);
  }
  return typeof value === 'function' ? toLogValue(value) : value;
}

/** The value, or, where it throws as soon as it is looked at, what can be said of it. */
export function harmless(value: unknown): unknown {
  try {
    if (value instanceof Error) void value.message;
    else Array.isArray(value);
    return value;
  } catch {
    return toLogValue(value);
  }
}

function isClass(value: object): boolean {
  return Function.prototype.toString.call(value).startsWith('class ');
}
