import { types } from 'node:util';
import type { LogValue } from '../../core/index.js';
import { cutLogText, escapeLogText, toLogValue } from '../../core/internal.js';
import { LONG_TEXT_BYTES, TEXT_BYTES } from './limits.js';

export const HIDDEN = '[hidden]';

/** One line, whatever it contained. */
export function shortText(text: string): string {
  return escapeLogText(cutLogText(text, TEXT_BYTES));
}

export function longText(text: string): string {
  return escapeLogText(cutLogText(text, LONG_TEXT_BYTES));
}

/** What was thrown. Not its stack and its properties: those of HTTP clients have the whole request. */
export function errorText(error: unknown): string {
  return shortText(summary(toLogValue(error)));
}

/** What was logged, in words. */
export function messageText(message: unknown, secrets: Secrets): string {
  if (typeof message === 'string') return longText(message);
  return longText(
    types.isNativeError(message) ? summary(toLogValue(message)) : secrets.jsonOf(toLogValue(message)),
  );
}

function summary(value: LogValue): string {
  if (typeof value === 'object' && value !== null && 'message' in value) {
    const { name, message } = value as Record<string, LogValue>;
    return typeof name === 'string' ? `${name}: ${String(message)}` : String(message);
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Names whose values are hidden, at every level. */
export class Secrets {
  readonly #names: ReadonlySet<string>;

  constructor(names: readonly string[]) {
    this.#names = new Set(names.map((name) => name.toLowerCase()));
  }

  hides(name: string): boolean {
    return this.#names.has(name.toLowerCase());
  }

  /** The value in words. Never throws, whatever the value does. */
  textOf(value: unknown): string {
    const safe = toLogValue(value);
    return shortText(typeof safe === 'string' ? safe : this.jsonOf(safe));
  }

  /** As JSON, without what is hidden in it. */
  jsonOf(value: LogValue): string {
    if (this.#names.size === 0) return JSON.stringify(value);
    return JSON.stringify(value, (key, inner: unknown) => (key !== '' && this.hides(key) ? HIDDEN : inner));
  }
}
