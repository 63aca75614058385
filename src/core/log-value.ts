import { types } from 'node:util';
import {
  classOf,
  describe,
  isContainer,
  NAME_LIMIT,
  ofNumber,
  textOf,
  thrownText,
  unboxed,
} from './log-describe.js';
import { setOwn, toLogKey } from './log-key.js';
import { cutJsonText, cutLogText, jsonBytes, VALUE_LIMIT } from './log-text.js';

/** What a log record can hold: what JSON can say. */
export type LogValue =
  | string
  | number
  | boolean
  | null
  | readonly LogValue[]
  | { readonly [key: string]: LogValue };

const DEPTH_LIMIT = 4;
export const LEVEL_LIMIT = 64;

/** What a value needs at least: the mark of a cut text, or an empty object with the mark of what is left out. */
const LEAST = 36;
/** Kept back in each object and array for the mark of what is left out, and given back where there is none. */
const MARK = 30;

/** One value with all that is in it, inside one budget of bytes. */
class LogCopy {
  #left = VALUE_LIMIT;
  readonly #above: object[] = [];

  /** Never throws; whatever the value does is part of what it is. */
  of(value: unknown): LogValue {
    const { length } = this.#above;
    try {
      return this.#copy(value, true);
    } catch (error) {
      this.#above.length = length;
      return this.#text(thrownText(error));
    }
  }

  #copy(value: unknown, asksToJson: boolean): LogValue {
    if (isContainer(value)) return this.#object(value, asksToJson);
    if (typeof value === 'number') return this.#spend(ofNumber(value));
    if (typeof value === 'boolean') return this.#spend(value);
    return value === undefined || value === null ? this.#spend(null) : this.#text(textOf(value));
  }

  #spend<T extends number | string | boolean | null>(value: T): T {
    this.#left -= String(value).length + 2;
    return value;
  }

  /** By itself a text gets no more than three quarters: what comes after it is wanted too. */
  #text(text: string, limit = (this.#left * 3) >> 2): string {
    const cut = cutJsonText(text, Math.max(LEAST, Math.min(limit, this.#left)));
    this.#left -= jsonBytes(cut);
    return cut;
  }

  #object(value: object, asksToJson: boolean): LogValue {
    if (this.#above.includes(value)) return this.#text('[Circular]');
    const description = describe(value);
    if (description !== undefined) return this.#text(description);
    if (types.isDate(value)) {
      const time = Date.prototype.getTime.call(value);
      return this.#text(Number.isNaN(time) ? 'Invalid Date' : new Date(time).toISOString());
    }
    if (types.isBoxedPrimitive(value)) return this.#copy(unboxed(value), false);
    const isError = types.isNativeError(value) || value instanceof Error;
    // Not for errors: those of HTTP clients give the whole request, with its credentials.
    if (asksToJson && !isError) {
      const { toJSON } = value as { readonly toJSON?: unknown };
      if (typeof toJSON === 'function') {
        const json: unknown = Reflect.apply(toJSON, value, ['']);
        return this.#copy(json, false);
      }
    }
    const isArray = Array.isArray(value);
    if (this.#above.length >= DEPTH_LIMIT) {
      return this.#text(isArray ? `[Array(${value.length})]` : `[${classOf(value)}]`);
    }
    this.#above.push(value);
    this.#left -= MARK;
    const copy = isError ? this.#error(value as Error) : isArray ? this.#array(value) : this.#fields(value);
    this.#left += MARK - 2;
    this.#above.pop();
    return Object.freeze(copy);
  }

  #array(value: readonly unknown[]): LogValue[] {
    const copy: LogValue[] = [];
    const { length } = value;
    for (let i = 0; i < length; i++) {
      if (i === LEVEL_LIMIT || this.#left < LEAST) {
        // A proxy's length can be anything.
        copy.push(`…[${Math.min(length - i, 2 ** 32)} more]`);
        this.#left -= MARK;
        break;
      }
      copy.push(this.#member(value, i));
      this.#left -= 1;
    }
    return copy;
  }

  #fields(value: object): Record<string, LogValue> {
    const copy: Record<string, LogValue> = {};
    const keys = Object.keys(value);
    for (const [i, key] of keys.entries()) {
      const safe = toLogKey(key);
      const bytes = jsonBytes(safe) + 2;
      if (i === LEVEL_LIMIT || this.#left < LEAST + bytes) {
        setOwn(copy, '…', `${keys.length - i} more`);
        this.#left -= MARK;
        break;
      }
      this.#left -= bytes;
      setOwn(copy, safe, this.#member(value, key));
    }
    return copy;
  }

  #error(error: Error): Record<string, LogValue> {
    const copy: Record<string, LogValue> = {};
    for (const [key, limit] of [
      ['name', NAME_LIMIT],
      ['message', 400],
      ['code', NAME_LIMIT],
      ['stack', VALUE_LIMIT],
    ] as const) {
      const part = read(error, key);
      if (part === undefined || this.#left < LEAST + 12) continue;
      this.#left -= key.length + 4;
      copy[key] =
        typeof part === 'number'
          ? this.#spend(ofNumber(part))
          : this.#text(isContainer(part) ? '[Object]' : textOf(part), limit);
    }
    return copy;
  }

  #member(object: object, key: string | number): LogValue {
    return this.of(read(object, key));
  }
}

/** A property; of a getter that throws, what it throws as text. */
function read(object: object, key: string | number): unknown {
  try {
    return (object as Record<string | number, unknown>)[key];
  } catch (error) {
    return thrownText(error);
  }
}

/**
 * A copy of the value for log records: at most 1 KiB, four levels and 64 keys a level, frozen, holding on to nothing
 * of the value. Never throws, whatever getters, proxies and `toJSON` do.
 */
export function toLogValue(value: unknown): LogValue {
  try {
    switch (typeof value) {
      case 'string':
        return cutLogText(value);
      case 'number':
        return ofNumber(value);
      case 'boolean':
        return value;
      case 'object':
        return value === null ? null : new LogCopy().of(value);
      case 'undefined':
        return null;
      default:
        return cutLogText(textOf(value));
    }
  } catch (error) {
    // Where the stack is at its end, one more call may be one too many.
    try {
      return thrownText(error);
    } catch {
      return '[Throws]';
    }
  }
}
