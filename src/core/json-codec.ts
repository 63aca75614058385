import { isDeepStrictEqual } from 'node:util';
import { wrongArgument } from './arguments.js';
import type { Codec } from './codec.js';
import { CodecRefusal } from './codec-refusal.js';
import type { StandardSchema } from './standard-schema.js';

const WHERE = 'codecs.json';
/** No carrier holds more. Looked at before the text is parsed. */
const MAX_LENGTH = 4096;
const MAX_DEPTH = 16;

/** See `codecs.json`. */
export function jsonCodec<T>(schema: StandardSchema<T>): Codec<T> {
  const validate = validatorOf(schema);
  return Object.freeze({
    encode(value: T) {
      const wire = JSON.stringify(value);
      if (wire === undefined) throw new CodecRefusal(`${WHERE}: the value is none that JSON can hold`);
      const parsed = parse(wire);
      const back = validate(parsed);
      // Of what the schema gives, which may have put the keys in another order.
      const text = JSON.stringify(back);
      // Both: private fields are not compared, and JSON writes many values alike.
      const isSame = text === wire || isDeepStrictEqual(parse(text), parsed);
      if (!isSame || !comesBack(back, value)) {
        throw new CodecRefusal(`${WHERE}: the value would come back as another one`);
      }
      return text;
    },
    decode(text: string) {
      const value = validate(parse(text));
      // Whitespace, a key twice, 1.0 for 1, and what the schema strips or fills in.
      if (JSON.stringify(value) !== text) throw new CodecRefusal(`${WHERE}: the text is none that it wrote`);
      return value;
    },
  });
}

function validatorOf<T>(schema: StandardSchema<T>): (value: unknown) => T {
  const isObject = (typeof schema === 'object' && schema !== null) || typeof schema === 'function';
  const standard = isObject ? schema['~standard'] : undefined;
  if (standard?.version !== 1 || typeof standard.validate !== 'function') {
    throw wrongArgument(WHERE, 'a Standard Schema v1 validator', schema);
  }
  return (value) => {
    const result = standard.validate(value);
    if (typeof (result as { then?: unknown }).then === 'function') {
      // The schema may reject it, and nobody else is there to hear that.
      Promise.resolve(result).catch(() => {});
      throw new CodecRefusal(`${WHERE}: the schema is asynchronous; a variable needs a synchronous one`);
    }
    // Without the issues: validators print the value in them.
    if (!('value' in result) || result.issues !== undefined) {
      throw new CodecRefusal(`${WHERE}: the schema refuses the value`);
    }
    return result.value;
  };
}

function parse(text: string): unknown {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) {
    throw new CodecRefusal(`${WHERE}: no text of at most ${MAX_LENGTH} characters`);
  }
  const value = jsonIn(text);
  check(value, 0);
  return value;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without the cause, which prints the text.
    throw new CodecRefusal(`${WHERE}: the text is not JSON`);
  }
}

function check(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth === MAX_DEPTH) throw new CodecRefusal(`${WHERE}: more than ${MAX_DEPTH} levels deep`);
  for (const key of Object.keys(value)) {
    const inner = (value as Record<string, unknown>)[key];
    if (key === '__proto__' || (key === 'constructor' && hasPrototype(inner))) {
      throw new CodecRefusal(`${WHERE}: a key that could change a prototype`);
    }
    check(inner, depth + 1);
  }
}

function hasPrototype(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype');
}

function comesBack(back: unknown, value: unknown): boolean {
  return isDeepStrictEqual(back, value) || isDeepStrictEqual(asData(back, 0), asData(value, 0));
}

/**
 * As JSON tells objects apart: `{ name: undefined }` is `{}`, and so is an object without a prototype, or with that of
 * another realm. What is no plain object stays as it is. Deeper than what was written it need not look.
 */
function asData(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return value;
  if (Array.isArray(value)) return Array.from(value, (item) => asData(item, depth + 1));
  if (!isPlain(value)) return value;
  const copy: Record<PropertyKey, unknown> = {};
  for (const key of Reflect.ownKeys(value)) {
    const inner = (value as Record<PropertyKey, unknown>)[key];
    if (inner !== undefined) copy[key] = asData(inner, depth + 1);
  }
  return copy;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
