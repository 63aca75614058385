import { escapeLogJson } from '../../core/internal.js';

/**
 * A value of a log record with visible escapes in place of what JSON leaves raw: pino writes texts by itself, and an
 * escape of JSON cannot be handed to it.
 */
export function withoutControls<T>(value: T): T {
  if (typeof value === 'string') return escapeLogJson(value) as T;
  if (typeof value !== 'object' || value === null) return value;
  const json = JSON.stringify(value);
  if (escapeLogJson(json) === json) return value;
  return JSON.parse(json, (_key, member: unknown) =>
    typeof member === 'string' ? escapeLogJson(member) : member,
  ) as T;
}
