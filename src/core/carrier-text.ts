import type { CarrierEntry } from './carrier-entries.js';
import { refused } from './carrier-refused.js';

/** The largest text of a carrier, in bytes; it is ASCII, so in characters too. */
export const MAX_CARRIER_BYTES = 4096;
const VERSION = 1;
/** Whoever looks up a key by its id may build a path of it. */
export const KEY_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** What a carrier says, but for its signature. */
export interface CarrierClaims {
  readonly entries: readonly CarrierEntry[];
  /** Only in a signed one. */
  readonly seal?: CarrierSeal | undefined;
}

export interface CarrierSeal {
  readonly keyId: string;
  /** When it ends, in ms since 1970. */
  readonly expires: number;
  readonly audience: string | undefined;
}

export interface ReadCarrier extends CarrierClaims {
  /** In base64url; there where `seal` is. */
  readonly signature?: string | undefined;
  /** What the signature is of. */
  readonly signed: string;
}

// What a header of HTTP, NATS or AMQP holds as it is, but for the quote and the backslash of JSON.
const PLAIN = /^[ !#-[\]-~]*$/;
const PRINTABLE = /^[ -~]*$/;
const OTHERS = /[\x7f-\uffff]/g;

/** A JSON string in printable ASCII. */
function quote(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(OTHERS, escapeUnit);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** An entry as it stands in a carrier. */
export function textOfEntry([name, text]: CarrierEntry): string {
  return `[${quote(name)},${quote(text)}]`;
}

/** The one text that says this. With a signature it is followed by `withSignature`. */
export function writeCarrier({ entries, seal }: CarrierClaims): string {
  const vars = `{"v":${VERSION},"vars":[${entries.map(textOfEntry).join()}]`;
  if (seal === undefined) return `${vars}}`;
  const audience = seal.audience === undefined ? '' : `"aud":${quote(seal.audience)},`;
  return `${vars},${audience}"exp":${seal.expires},"kid":${quote(seal.keyId)}}`;
}

export function withSignature(signed: string, signature: string): string {
  return `${signed.slice(0, -1)},"sig":${quote(signature)}}`;
}

/**
 * Reads what `writeCarrier` wrote, and nothing else: what it reads is written again, and has to be the same text. So
 * there is one way only to say something: no key twice, no further key, no whitespace.
 *
 * @throws ContextError `ERR_INVALID_CARRIER`
 */
export function readCarrier(text: unknown): ReadCarrier {
  if (typeof text !== 'string') throw refused('it is not a string');
  // Before anything looks into it: a large one must not cost more than a small one.
  if (text.length > MAX_CARRIER_BYTES) throw refused(`it is larger than ${MAX_CARRIER_BYTES} bytes`);
  if (!PRINTABLE.test(text)) throw refused('its encoding is not printable ASCII');
  const { v, vars, aud, exp, kid, sig } = objectIn(text);
  if (v !== VERSION) throw refused(`its version is not ${VERSION}`);
  const entries = entriesIn(vars);
  const isSigned = sig !== undefined;
  if (isSigned && !isSeal(aud, exp, kid, sig)) throw refused('its signature has the wrong shape');
  const seal = isSigned
    ? { keyId: kid as string, expires: exp as number, audience: aud as string | undefined }
    : undefined;
  const signed = writeCarrier({ entries, seal });
  const written = isSigned ? withSignature(signed, sig as string) : signed;
  if (written !== text) throw refused('it is not written as this library writes it');
  return { entries, seal, signature: sig as string | undefined, signed };
}

function objectIn(text: string): Partial<Record<'v' | 'vars' | 'aud' | 'exp' | 'kid' | 'sig', unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Without the cause, which prints the text.
    throw refused('it is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refused('it is no JSON object');
  return value;
}

function entriesIn(vars: unknown): readonly CarrierEntry[] {
  if (!Array.isArray(vars)) throw refused('it has no list of variables');
  let before: string | undefined;
  for (const entry of vars as unknown[]) {
    if (!isEntry(entry)) throw refused('its variables are not pairs of strings');
    const [name] = entry;
    if (name === '__proto__') throw refused('a variable has the name of a prototype');
    if (before !== undefined && !(before < name)) throw refused('a variable is there twice, or out of order');
    before = name;
  }
  return vars as CarrierEntry[];
}

function isEntry(entry: unknown): entry is CarrierEntry {
  if (!Array.isArray(entry) || entry.length !== 2) return false;
  return typeof entry[0] === 'string' && entry[0] !== '' && typeof entry[1] === 'string';
}

function isSeal(aud: unknown, exp: unknown, kid: unknown, sig: unknown): boolean {
  return (
    typeof kid === 'string' &&
    KEY_ID.test(kid) &&
    typeof sig === 'string' &&
    Number.isSafeInteger(exp) &&
    (aud === undefined || typeof aud === 'string')
  );
}
