import type { Codec } from './codec.js';
import { CodecRefusal } from './codec-refusal.js';
import { jsonCodec } from './json-codec.js';
import type { StandardSchema } from './standard-schema.js';

/** Any string is written as it is. */
const string: Codec<string> = Object.freeze({
  encode(value: string) {
    if (typeof value !== 'string') throw new CodecRefusal('codecs.string: the value is no string');
    return value;
  },
  decode(text: string) {
    if (typeof text !== 'string') throw new CodecRefusal('codecs.string: the text is no string');
    return text;
  },
});

/** `String(-0)` is '0', which would come back as another number. */
function textOf(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

const number: Codec<number> = Object.freeze({
  encode(value: number) {
    if (typeof value !== 'number') throw new CodecRefusal('codecs.number: the value is no number');
    if (!Number.isFinite(value)) throw new CodecRefusal('codecs.number: NaN and infinities are not portable');
    return textOf(value);
  },
  decode(text: string) {
    const value = Number(text);
    if (!Number.isFinite(value) || textOf(value) !== text) {
      throw new CodecRefusal('codecs.number: the text is no number that it wrote');
    }
    return value;
  },
});

const boolean: Codec<boolean> = Object.freeze({
  encode(value: boolean) {
    if (typeof value !== 'boolean') throw new CodecRefusal('codecs.boolean: the value is no boolean');
    return String(value);
  },
  decode(text: string) {
    if (text !== 'true' && text !== 'false') {
      throw new CodecRefusal('codecs.boolean: the text is neither true nor false');
    }
    return text === 'true';
  },
});

/**
 * Codecs for what context variables usually hold. Each value has exactly one text, and `decode` throws on every other.
 *
 * `number` takes finite numbers, `-0` included; NaN and the infinities are refused, because a limit that is NaN limits
 * nothing.
 *
 * @example
 * const tenant = new ContextVar('tenant', { codec: codecs.string });
 * const attempts = new ContextVar('attempts', { codec: codecs.number });
 * const dryRun = new ContextVar('dryRun', { codec: codecs.boolean });
 */
export const codecs: Readonly<{
  string: Codec<string>;
  number: Codec<number>;
  boolean: Codec<boolean>;
  /**
   * JSON that a Standard Schema validator (zod, valibot, arktype) checks in both directions. Synchronous schemas only.
   *
   * `encode` refuses what `decode` would not give back: an instance of a class, `NaN`, a key that the schema strips, a
   * default that it fills in. A property that is `undefined` is left out. At most 16 levels deep.
   *
   * @throws TypeError where `schema` is no Standard Schema v1.
   *
   * @example
   * const user = new ContextVar('user', { codec: codecs.json(z.object({ id: z.string(), roles: z.array(z.string()) })) });
   */
  json<T>(schema: StandardSchema<T>): Codec<T>;
}> = Object.freeze({ string, number, boolean, json: jsonCodec });
