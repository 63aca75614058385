import { ContextError } from '../../core/index.js';
import type { CarrierEntry } from '../../core/internal.js';
import {
  hasControlCharacter,
  MAX_BAGGAGE_BYTES,
  MAX_BAGGAGE_ENTRIES,
  MAX_BAGGAGE_ENTRY_BYTES,
  readBaggage,
} from './baggage.js';
import { encodeBaggage } from './baggage-propagator.js';

/**
 * `header` with these entries added at its end, in the place of those with the same key or one of `names`. What else is in
 * it stays, to the letter.
 *
 * @throws ContextError `ERR_NOT_PORTABLE` where an entry cannot be in baggage; `ERR_INVALID_CARRIER` where all together
 * would be more than a header may have.
 */
export function mergeBaggage(
  header: string | undefined,
  entries: readonly CarrierEntry[],
  names: readonly string[] = [],
): string | undefined {
  const members = header === undefined || header.trim() === '' ? [] : header.split(',');
  const ours = new Set([...names, ...entries.map(([name]) => name)]);
  const theirs = members.filter((member) => !ours.has(keyOf(member)));
  if (entries.length === 0 && theirs.length === members.length) return header;
  for (const entry of entries) requireFits(entry);
  const text = encodeBaggage(entries);
  // What a receiver of ours would refuse is not sent: it would take nothing of the whole header.
  if (entries.length > 0 && typeof readBaggage(text) === 'string') throw tooLarge(entries.length);
  const merged = [theirs.join(','), text].filter((part) => part !== '').join(',');
  if (merged.length > MAX_BAGGAGE_BYTES || theirs.length + entries.length > MAX_BAGGAGE_ENTRIES) {
    throw tooLarge(theirs.length + entries.length);
  }
  return merged;
}

/** As the propagator would read it; what it could not read has a key that nothing is called. */
function keyOf(member: string): string {
  const [pair = ''] = member.split(';', 1);
  const [key = ''] = pair.split('=', 1);
  try {
    return decodeURIComponent(key.trim());
  } catch {
    return '';
  }
}

function requireFits([name, text]: CarrierEntry): void {
  if (hasControlCharacter(name) || hasControlCharacter(text)) {
    throw notPortable(
      name,
      'has a line break or another control character, which HTTP baggage does not take',
    );
  }
  let bytes: number;
  try {
    bytes = encodeURIComponent(name).length + encodeURIComponent(text).length;
  } catch {
    throw notPortable(name, 'has half of a surrogate pair, which HTTP baggage does not take');
  }
  if (bytes > MAX_BAGGAGE_ENTRY_BYTES) {
    throw notPortable(
      name,
      `has ${bytes} bytes in HTTP baggage with its name, and may have ${MAX_BAGGAGE_ENTRY_BYTES}`,
    );
  }
}

function notPortable(name: string, what: string): ContextError {
  return new ContextError(
    'ERR_NOT_PORTABLE',
    `ContextVar '${name}' ${what}; no variable was written. Carry an id in place of the thing itself, or leave it out.`,
  );
}

function tooLarge(entries: number): ContextError {
  return new ContextError(
    'ERR_INVALID_CARRIER',
    `The baggage header would have ${entries} entries, or more bytes than it may: ${MAX_BAGGAGE_ENTRIES} entries and ` +
      `${MAX_BAGGAGE_BYTES} bytes. No variable was written; send fewer.`,
  );
}
