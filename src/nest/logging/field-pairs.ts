import type { LogValue } from '../../core/index.js';
import { escapeLogText } from '../../core/internal.js';

type Fields = Readonly<Record<string, LogValue>>;

/** What needs no quotes: printable ASCII, except what has a meaning between pairs. */
const BARE = /^[!#-<>-[\]-~]+$/;

/** Of records that stay the same from one line to the next, as those of `logRecord` do. */
const texts = new WeakMap<Fields, string>();

/** ` key=value` for each field. What could be taken for more than one is quoted as JSON quotes it. */
export function fieldPairs(fields: Fields): string {
  let text = texts.get(fields);
  if (text === undefined) {
    text = Object.entries(fields).map(pairText).join('');
    texts.set(fields, text);
  }
  return text;
}

function pairText([key, value]: readonly [string, LogValue]): string {
  return ` ${quoted(key)}=${valueText(value)}`;
}

function valueText(value: LogValue): string {
  if (typeof value === 'string') return quoted(value);
  return typeof value === 'object' ? escapeLogText(JSON.stringify(value)) : String(value);
}

function quoted(text: string): string {
  return BARE.test(text) ? text : escapeLogText(JSON.stringify(text));
}
