import { wrongArgument } from './arguments.js';
import { isContainer, thrownText } from './log-describe.js';
import { toLogKey } from './log-key.js';
import { LEVEL_LIMIT, type LogValue, toLogValue } from './log-value.js';

type Fields = Readonly<Record<string, unknown>>;

function isPlain(value: unknown): value is Fields {
  if (!isContainer(value) || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // By its place and not by identity: an object from another realm is as plain.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The keys of a plain object of fields; undefined where it is none, or does not say. */
function keysOf(fields: unknown): string[] | undefined {
  try {
    const isFit = isPlain(fields) && Object.getOwnPropertySymbols(fields).length === 0;
    return isFit ? Object.keys(fields) : undefined;
  } catch {
    return undefined;
  }
}

function readField(fields: Fields, key: string): LogValue | undefined {
  try {
    const value = fields[key];
    return value === undefined ? undefined : toLogValue(value);
  } catch (error) {
    return thrownText(error);
  }
}

/**
 * Fields that a caller gives, as a record may have them: the first 64, as at every level of a value.
 *
 * @throws TypeError where `fields` is not a plain object with strings as keys.
 */
export function readFields(where: string, fields: Fields): Map<string, LogValue> {
  const keys = keysOf(fields);
  if (keys === undefined)
    throw wrongArgument(where, 'a plain object of fields, with strings as keys', fields);
  const read = new Map<string, LogValue>();
  const count = Math.min(keys.length, LEVEL_LIMIT);
  for (let i = 0; i < count; i++) {
    const key = keys[i] as string;
    const value = readField(fields, key);
    if (value !== undefined) read.set(toLogKey(key), value);
  }
  if (keys.length > count) read.set('…', `${keys.length - count} more`);
  return read;
}

/** @throws TypeError where one of them is no string. */
export function readKeys(where: string, keys: readonly unknown[]): string[] {
  return keys.map((key) => {
    if (typeof key !== 'string') throw wrongArgument(where, 'strings as keys', key);
    return toLogKey(key);
  });
}
