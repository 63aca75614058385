import { escapeLogJson } from './log-escape.js';

/** Bytes of UTF-8 that one value may have in a log record. */
export const VALUE_LIMIT = 1024;

const scratch = Buffer.allocUnsafeSlow(VALUE_LIMIT);

/** The first `bytes` of UTF-8, to the last whole character; a string of its own, that does not keep the long one. */
function prefix(text: string, bytes: number): string {
  return scratch.toString('utf8', 0, scratch.write(text, 0, bytes, 'utf8'));
}

function cutMark(text: string): string {
  return `…[${Buffer.byteLength(text)} bytes]`;
}

/** The text, cut to `limit` bytes (at most 1 KiB) with the mark that says how long it was. */
export function cutLogText(text: string, limit: number = VALUE_LIMIT): string {
  if (text.length * 3 <= limit || (text.length <= limit && Buffer.byteLength(text) <= limit)) return text;
  const mark = cutMark(text);
  return prefix(text, Math.max(0, limit - Buffer.byteLength(mark))) + mark;
}

/** What the text takes in a JSON record, with its quotes. */
export function jsonBytes(text: string): number {
  return Buffer.byteLength(escapeLogJson(JSON.stringify(text)));
}

/** The text, cut so that it takes at most `limit` bytes of a JSON record, quotes and escapes included. */
export function cutJsonText(text: string, limit: number): string {
  if (text.length + 2 <= limit && jsonBytes(text) <= limit) return text;
  const mark = cutMark(text);
  let room = limit - jsonBytes(mark);
  let kept = '';
  for (const character of prefix(text, Math.max(0, room))) {
    room -= jsonBytes(character) - 2;
    if (room < 0) break;
    kept += character;
  }
  return kept + mark;
}

/** Values that may be kept for comparison, for as long as the process lasts. */
export type Small = string | number | boolean | bigint | undefined;

export function isSmall(value: unknown): value is Small {
  return typeof value === 'string'
    ? value.length <= VALUE_LIMIT
    : value === undefined ||
        typeof value === 'number' ||
        typeof value === 'boolean' ||
        typeof value === 'bigint';
}
