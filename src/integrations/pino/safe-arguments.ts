import { types } from 'node:util';
import { toLogValue } from '../../core/internal.js';
import { thawed } from './thawed.js';

/** What was passed to a method of a logger, as copies that nothing throws at: fields or an error, then a message. */
export function safeArguments([first, ...rest]: readonly unknown[]): unknown[] {
  return [isObject(first) ? safeFields(first) : toLogValue(first), ...rest.map(safePart)];
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Of a message: what is no text is made one in ways that go through an own `toString`. */
function safePart(part: unknown): unknown {
  const safe = toLogValue(part);
  return isObject(safe) ? JSON.stringify(safe) : safe;
}

function safeFields(given: object): object {
  if (types.isNativeError(given)) return safeError(given);
  const safe: Record<string, unknown> = {};
  try {
    for (const key of Object.keys(given)) safe[key] = safeMember(given, key);
    return safe;
  } catch {
    return { fields: thawed(toLogValue(given)) };
  }
}

function safeMember(given: object, key: string): unknown {
  try {
    const member = (given as Record<string, unknown>)[key];
    if (member === undefined) return undefined;
    return types.isNativeError(member) ? safeError(member) : thawed(toLogValue(member));
  } catch (error) {
    // In the words that it has for other getters.
    const thrown = {
      get error(): never {
        throw error;
      },
    };
    return thawed(toLogValue(thrown));
  }
}

/** An error again, so that pino writes it as one. */
function safeError(given: Error): Error {
  const safe = toLogValue(given);
  return isObject(safe) ? Object.assign(new Error(), safe) : new Error(String(safe));
}
