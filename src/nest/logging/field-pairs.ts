import type { LogValue } from '../../core/index.js';
import { escapeLogText } from '../../core/internal.js';

/** What needs no quotes: printable ASCII, except what has a meaning between pairs. */
const BARE = /^[!#-<>-[\]-~]+$/;

/** Keys are few; those that are made up at run time are not kept. */
const KEPT_KEYS = 256;

interface Pair {
  /** ` key=` */
  readonly start: string;
  /** Of the last record that had the key, with its text: the next one often has the same. */
  value: LogValue | undefined;
  text: string;
}

const pairs = new Map<string, Pair>();

/** ` key=value` for each field. A value that could be taken for more than one is quoted as JSON quotes it. */
export function fieldPairs(fields: Readonly<Record<string, LogValue>>): string {
  let text = '';
  for (const key in fields) text += textOf(key, fields[key] as LogValue);
  return text;
}

function textOf(key: string, value: LogValue): string {
  const pair = pairs.get(key) ?? newPair(key);
  if (pair.value === value) return pair.text;
  const text = pair.start + valueText(value);
  if (typeof value === 'object') return text;
  pair.value = value;
  pair.text = text;
  return text;
}

function newPair(key: string): Pair {
  const pair = { start: ` ${quoted(key)}=`, value: undefined, text: '' };
  if (pairs.size < KEPT_KEYS) pairs.set(key, pair);
  return pair;
}

function valueText(value: LogValue): string {
  if (typeof value === 'string') return quoted(value);
  return typeof value === 'object' ? escapeLogText(JSON.stringify(value)) : String(value);
}

function quoted(text: string): string {
  return BARE.test(text) ? text : escapeLogText(JSON.stringify(text));
}
