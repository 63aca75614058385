/** Bytes in use when what is left over is gone: what is finalized by one collection is gone with a later one. */
export async function heapUsed() {
  for (let i = 0; i < 4; i++) {
    globalThis.gc();
    await new Promise(setImmediate);
  }
  return process.memoryUsage().heapUsed;
}
