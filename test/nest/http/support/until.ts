import { setTimeout } from 'node:timers/promises';

/** Waits for what no event announces, and fails where it has not come true in `limitMs`. */
export async function until(what: string, condition: () => boolean, limitMs = 20_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await setTimeout(1);
  }
}
