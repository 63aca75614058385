/** Whole numbers that are the same for the same seed (xorshift32): `below(n)` is from 0 to n - 1. */
export function randomFrom(seed) {
  let state = scramble(seed) || 1;
  const below = (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) % 0x3fffffff) % n;
  };
  return { below, chance: (percent) => below(100) < percent };
}

/** The seed of one of many, such that neighbours have nothing in common. */
export function seedOf(seed, index) {
  return scramble(scramble(seed) + index);
}

function scramble(seed) {
  let x = (seed | 0) + 0x9e3779b9;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) | 0;
}
