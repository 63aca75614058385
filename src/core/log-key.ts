import { escapeLogText, SUSPECT } from './log-escape.js';

/** Characters that a key may have in a log record. */
const KEY_LIMIT = 128;

/**
 * The key as a record may have it: control characters as visible escapes, at most 128 characters, and never one that
 * could reach a prototype.
 */
export function toLogKey(key: string): string {
  if (key === '__proto__') return '_proto_';
  if (key.length <= KEY_LIMIT && !SUSPECT.test(key)) return key;
  const escaped = escapeLogText(key.slice(0, KEY_LIMIT));
  if (key.length <= KEY_LIMIT && escaped.length <= KEY_LIMIT) return escaped;
  const cut = escaped.slice(0, KEY_LIMIT - 1);
  // A string of its own, with no half of a pair at its end.
  return `${Buffer.from(cut)
    .toString()
    .replace(/\ufffd$/, '')}…`;
}

/** Sets a property of the object's own, also one whose name the prototype has. */
export function setOwn<T>(object: Record<string, T>, key: string, value: T): void {
  if (key in Object.prototype) {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  } else object[key] = value;
}
