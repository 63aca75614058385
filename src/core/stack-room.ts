/**
 * Throws a RangeError, as any call does, where the stack has no room for so many levels of 150 to 300 bytes each: before
 * something is begun that could not be brought to its end there.
 */
export function requireRoom(levels: number): void {
  descend(levels, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}

// Wide, and not deep: a processor foresees where its last sixteen calls return to, and each one more takes ten times as long.
function descend(
  left: number,
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
  g: number,
  h: number,
  i: number,
  j: number,
  k: number,
  l: number,
  m: number,
  n: number,
  o: number,
): number {
  return left === 0 ? a : descend(left - 1, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o);
}
