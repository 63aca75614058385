import type { CarrierEntry } from '../../core/internal.js';
import { decodeBaggage } from './baggage-propagator.js';

/** The largest `baggage` header, in bytes, that is read or written. The whole of what W3C has everyone pass on. */
export const MAX_BAGGAGE_BYTES = 8192;
/** The most entries. */
export const MAX_BAGGAGE_ENTRIES = 64;
/** The largest entry, key and value as they are on the wire, in bytes. */
export const MAX_BAGGAGE_ENTRY_BYTES = 256;

/**
 * Why a `baggage` header was refused, whole:
 *
 * - `too-large`, `too-many-entries`, `entry-too-large`: over 8192 bytes, 64 entries, 256 bytes of one key and value.
 * - `malformed`: not as the W3C grammar has it, or with percent-encoding that is no UTF-8.
 * - `duplicate`: a key that is there twice.
 * - `control-character`: in a key or a value, once decoded: a line break, for example.
 * - `codec`: an accepted variable's codec did not write its value.
 */
export type BaggageRefusal =
  | 'too-large'
  | 'too-many-entries'
  | 'entry-too-large'
  | 'malformed'
  | 'duplicate'
  | 'control-character'
  | 'codec';

// https://www.w3.org/TR/baggage/#definition. No two neighbours in it can match the same character: linear time.
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const VALUE = '[!#-+\\--:<-[\\]-~]*';
const ENTRY = new RegExp(
  `^[ \\t]*(${TOKEN})[ \\t]*=[ \\t]*(${VALUE})[ \\t]*(?:;[ \\t]*${TOKEN}[ \\t]*(?:=[ \\t]*${VALUE}[ \\t]*)?)*$`,
);

/** What could end a line, or move the cursor of a terminal, wherever the text is printed. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;

export function hasControlCharacter(text: string): boolean {
  return CONTROL.test(text);
}

/**
 * The entries of a `baggage` header, decoded, or why it is refused. Metadata of entries is left out. Read by the W3C
 * grammar and by OpenTelemetry's propagator, which skips what it cannot read: the two have to agree.
 */
export function readBaggage(header: string): readonly CarrierEntry[] | BaggageRefusal {
  // Before anything looks into it: a large one must not cost more than a small one.
  if (header.length > MAX_BAGGAGE_BYTES) return 'too-large';
  const members = header.split(',');
  if (members.length > MAX_BAGGAGE_ENTRIES) return 'too-many-entries';
  const entries = new Map<string, string>();
  for (const member of members) {
    const [, rawKey, rawValue] = ENTRY.exec(member) ?? [];
    if (rawKey === undefined || rawValue === undefined) return 'malformed';
    if (rawKey.length + rawValue.length > MAX_BAGGAGE_ENTRY_BYTES) return 'entry-too-large';
    const key = decoded(rawKey);
    const value = decoded(rawValue);
    // The propagator would set the prototype of an object by it, and loses it where it has a value.
    if (key === undefined || value === undefined || key === '__proto__') return 'malformed';
    if (hasControlCharacter(key) || hasControlCharacter(value)) return 'control-character';
    if (entries.has(key)) return 'duplicate';
    entries.set(key, value);
  }
  return agree(entries, decodeBaggage(header)) ? [...entries] : 'malformed';
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The propagator drops entries with an empty value. */
function agree(entries: ReadonlyMap<string, string>, others: ReadonlyMap<string, string>): boolean {
  let filled = 0;
  for (const [key, value] of entries) {
    if (value === '' && !others.has(key)) continue;
    if (others.get(key) !== value) return false;
    filled += 1;
  }
  return others.size === filled;
}
