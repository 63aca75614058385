import { optionsOf, requireOptionalString, wrongArgument } from './arguments.js';
import { refused } from './carrier-refused.js';
import { type CarrierSeal, KEY_ID, type ReadCarrier } from './carrier-text.js';
import { nodeCrypto } from './node-crypto.js';

/** A secret of at least 32 bytes: a string is taken as UTF-8. */
export type CarrierKey = string | Uint8Array;

export interface CarrierSignOptions {
  /** Names the key, so that keys can be changed. It must match `^[A-Za-z0-9._-]{1,64}$`. */
  readonly keyId: string;
  readonly key: CarrierKey;
  /** How long the carrier is good for, in milliseconds: longer than the message may lie in its queue. */
  readonly ttlMs: number;
  /** Who it is for, a queue or a service; it is refused elsewhere. Default: nobody in particular. */
  readonly audience?: string;
}

export interface CarrierVerifyOptions {
  /** The keys by their ids; or what gives one, `undefined` where there is none of that id. */
  readonly keys: Readonly<Record<string, CarrierKey>> | ((keyId: string) => CarrierKey | undefined);
  /** Who we are. A carrier for anybody else is refused, and where this is not given every one that names an audience. */
  readonly audience?: string;
  /** By how much the clocks of both sides may differ, in milliseconds. Default: 0. */
  readonly clockToleranceMs?: number;
}

const MIN_KEY_BYTES = 32;
/** So that a signature says nothing where the same key signs other things. */
const DOMAIN = 'nestjs-contextvars carrier\n';

/** @throws TypeError where an option has the wrong type or the key is too short. */
export function sealOf(where: string, options: CarrierSignOptions): CarrierSeal {
  const { keyId, key, ttlMs, audience } = optionsOf(`${where}: sign`, options) ?? ({} as never);
  if (typeof keyId !== 'string' || !KEY_ID.test(keyId)) {
    throw wrongArgument(`${where}: sign`, `a keyId that matches ${KEY_ID.source}`, keyId);
  }
  requireKey(`${where}: sign`, key);
  const expires = Date.now() + ttlMs;
  if (!Number.isSafeInteger(ttlMs) || ttlMs <= 0 || !Number.isSafeInteger(expires)) {
    throw wrongArgument(`${where}: sign`, 'a positive integer as ttlMs', ttlMs);
  }
  requireOptionalString(`${where}: sign`, 'audience', audience);
  return { keyId, expires, audience };
}

export function signatureOf(signed: string, key: CarrierKey): string {
  return nodeCrypto().createHmac('sha256', key).update(DOMAIN).update(signed).digest('base64url');
}

/** @throws TypeError where an option has the wrong type. */
export function requireVerifyOptions(where: string, options: CarrierVerifyOptions): void {
  const { keys, audience, clockToleranceMs = 0 } = optionsOf(`${where}: verify`, options) ?? ({} as never);
  if (typeof keys !== 'function' && (typeof keys !== 'object' || keys === null)) {
    throw wrongArgument(`${where}: verify`, 'an object or a function as keys', keys);
  }
  requireOptionalString(`${where}: verify`, 'audience', audience);
  if (typeof clockToleranceMs !== 'number' || !(clockToleranceMs >= 0)) {
    throw wrongArgument(`${where}: verify`, 'milliseconds as clockToleranceMs', clockToleranceMs);
  }
}

/**
 * @throws ContextError `ERR_INVALID_CARRIER` where the carrier is not signed by one of the keys, for us, and in time;
 * TypeError where the key is too short.
 */
export function verifyCarrier(where: string, carrier: ReadCarrier, options: CarrierVerifyOptions): void {
  const { seal, signature, signed } = carrier;
  if (seal === undefined || signature === undefined) throw refused('it is not signed');
  const key = keyOf(options.keys, seal.keyId);
  if (key === undefined) throw refused('the key of its signature is not known');
  requireKey(`${where}: verify`, key);
  // The text and not its bytes: two texts in base64url may stand for the same bytes.
  if (!areEqual(signature, signatureOf(signed, key))) throw refused('its signature is wrong');
  if (seal.expires + (options.clockToleranceMs ?? 0) <= Date.now()) throw refused('it has expired');
  if (seal.audience !== options.audience) throw refused('it is for another audience');
}

function keyOf(keys: CarrierVerifyOptions['keys'], keyId: string): CarrierKey | undefined {
  if (typeof keys === 'function') return keys(keyId);
  return Object.hasOwn(keys, keyId) ? keys[keyId] : undefined;
}

function requireKey(where: string, key: CarrierKey): void {
  const isText = typeof key === 'string';
  if (!isText && !(key instanceof Uint8Array))
    throw wrongArgument(where, 'a string or Uint8Array as key', key);
  if ((isText ? Buffer.byteLength(key) : key.byteLength) < MIN_KEY_BYTES) {
    throw new TypeError(`${where}: the key is shorter than ${MIN_KEY_BYTES} bytes`);
  }
}

/** In a time that says nothing of where they differ. */
function areEqual(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && nodeCrypto().timingSafeEqual(a, b);
}
