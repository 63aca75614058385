import type { LogValue } from '../../core/index.js';
import { escapeLogJson, stringifyLogRecord, toLogValue } from '../../core/internal.js';
import { fits } from './fits.js';
import { cutText, TEXT_LIMIT } from './one-line.js';

/** Keys that a record has to itself, also where it does not have them. */
const OWN = new Set(['level', 'pid', 'timestamp', 'message', 'context']);

/** How many keys one that is too long keeps, and how much of them. */
const FIRST_KEYS = 32;
const LAST_KEYS = 64;
const KEY_LIMIT = 128;

/** Adds fields under their keys, or, where the record has one already, under that with an underscore behind it. */
export function addFields(record: Record<string, unknown>, fields: Readonly<Record<string, LogValue>>): void {
  for (const key in fields) {
    const value = fields[key];
    if (!(key in record) && key !== 'context') record[key] = value;
    // Given by hand, too.
    else if (OWN.has(key) || !Object.hasOwn(record, key) || record[key] !== value)
      addBeside(record, key, value);
  }
}

function addBeside(record: Record<string, unknown>, key: string, value: unknown): void {
  let free = OWN.has(key) ? `${key}_` : key;
  while (Object.hasOwn(record, free)) free += '_';
  // Defined, because the prototype may have the name.
  Object.defineProperty(record, free, { value, enumerable: true, configurable: true, writable: true });
}

/**
 * The record as one line of JSON, as Nest writes it (`byNest`, which may throw, or give something else); with its
 * values cut where it would be too long or cannot be written.
 */
export function recordText(record: Record<string, unknown>, replaces: boolean, byNest: Write): string {
  const text = !replaces && isFlat(record) ? stringifyLogRecord(record) : fittingText(byNest, record);
  if (text !== undefined && text.length <= TEXT_LIMIT) return text;
  const { level, pid, timestamp } = record;
  return (
    textBy(byNest, cutRecord(record)) ??
    stringifyLogRecord({ level, pid, timestamp, message: 'A record that cannot be written' })
  );
}

/** Whether there is nothing in it that Nest would write in its own way, nor too much. */
function isFlat(record: Readonly<Record<string, unknown>>): boolean {
  let length = 0;
  for (const key in record) {
    const value = record[key];
    if (typeof value === 'string') length += value.length;
    else if (typeof value !== 'number' && typeof value !== 'boolean' && value != null) return false;
  }
  return length <= TEXT_LIMIT;
}

type Write = (record: Record<string, unknown>) => string;

/** Nest would take seconds for a megabyte of bytes, and write it as numbers. */
function fittingText(byNest: Write, record: Record<string, unknown>): string | undefined {
  return fits(record, TEXT_LIMIT) ? textBy(byNest, record) : undefined;
}

function textBy(byNest: Write, record: Record<string, unknown>): string | undefined {
  try {
    const text = byNest(record);
    // Where Nest 12 gives up, it writes what `util.inspect` says.
    if (!text.startsWith('{"')) return undefined;
    return escapeLogJson(text);
  } catch {
    return undefined;
  }
}

/** Its own keys come first, fields of the context last; what is left out stands between. */
function cutRecord(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const keys = Object.keys(record).filter((key) => record[key] !== undefined);
  const kept = keys.filter((_, i) => i < FIRST_KEYS || i >= keys.length - LAST_KEYS);
  return Object.fromEntries(kept.map((key) => [key.slice(0, KEY_LIMIT), cutValue(key, record[key])]));
}

function cutValue(key: string, value: unknown): unknown {
  const isText = typeof value === 'string' && (key === 'message' || key === 'stack');
  return isText ? cutText(value) : toLogValue(value);
}
