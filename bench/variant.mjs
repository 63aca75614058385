// One variant in a process of its own: what the compiler learns from one does not help or hurt another.
// Prints the median and the fastest time of one call over batches of 4,096 calls, in ns.

import { measure } from 'mitata';

const [file, name] = process.argv.slice(2);
const { variants } = await import(`./${file}`);
const stats = await variants[name](async (fn) => {
  // Warm, and always in batches: mitata times single calls, in steps of its clock, where the first are slow.
  for (let i = 0; i < 20_000; i++) {
    const result = fn();
    if (typeof result?.then === 'function') await result;
  }
  return measure(fn, { min_cpu_time: 250e6, inner_gc: false, warmup_threshold: 1e9, batch_threshold: 1e9 });
});
console.log(JSON.stringify({ median: stats.p50, min: stats.min }));
