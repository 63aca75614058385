/** Numbers from 0 to 1 that are the same for the same seed: mulberry32. */
export function randomFrom(seed) {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n) => Math.floor(next() * n);
  const oneOf = (list) => list[below(list.length)];
  const text = (longest, units) => Array.from({ length: below(longest + 1) }, () => units(below)).join('');
  return { below, oneOf, text, chance: (share) => next() < share, number: next };
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCXYZ0123456789 .,:;-_/\\"\'{}[]()<>%$=+';

/** Mostly harmless, now and then anything, lone surrogates too. */
export function anyUnit(below) {
  return below(20) === 0 ? String.fromCharCode(below(0x10000)) : ALPHABET[below(ALPHABET.length)];
}

export function byteUnit(below) {
  return String.fromCharCode(below(256));
}
