// How the heap of a process grows: bytes in use once the collector has had its chances, and the slope of such samples.

import { setImmediate as macrotask } from 'node:timers/promises';

/** Needs --expose-gc. */
export async function heapInUse() {
  // What a collection gives up is gone with the next one: entries of weak tables, code that has grown old.
  for (let i = 0; i < 3; i++) {
    await macrotask();
    globalThis.gc();
  }
  return process.memoryUsage().heapUsed;
}

/** Bytes for each request by the method of least squares, over those `samples` of `{ requests, bytes }` that are past `from`. */
export function slopeOf(samples, from) {
  const counted = samples.filter(({ requests }) => requests >= from);
  const mean = (of) => counted.reduce((sum, sample) => sum + of(sample), 0) / counted.length;
  const [meanX, meanY] = [mean(({ requests }) => requests), mean(({ bytes }) => bytes)];
  const covariance = mean(({ requests, bytes }) => (requests - meanX) * (bytes - meanY));
  return covariance / mean(({ requests }) => (requests - meanX) ** 2);
}
