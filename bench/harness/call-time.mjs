import { measure } from 'mitata';

/** Of a batch of calls: long enough for the clock, and short enough for most of them to be undisturbed. */
const BATCH_NS = 100_000;
const MOST_CALLS = 4096;
const LAP_MS = 5;
/** Laps at least: more where so many calls take long. */
const LEAST = { laps: 8, calls: 30_000, slowLaps: 16 };
const MOST_LAPS = 40;
/** Laps that are looked at together, to tell whether the compiler still makes them faster. */
const WINDOW = 4;
/** Batches that are measured. */
const BATCHES = 600;

/**
 * The time of one call of `fn`, in ns: the mean of the middle half of the batches of calls. Not their median: where a
 * machine has two speeds, that is the one or the other. `ready` is called when `fn` has warmed up.
 */
export async function callTime(fn, { batches = BATCHES, ready = () => {} } = {}) {
  const ns = await warm(fn);
  ready();
  const { samples } = await measure(fn, {
    min_cpu_time: 0,
    min_samples: batches,
    // In whole steps of the four calls that mitata writes beside each other.
    batch_samples: Math.min(MOST_CALLS, 4 * Math.ceil(BATCH_NS / ns / 4)),
    // Always in batches: mitata times single calls otherwise where the first ones are slow.
    warmup_threshold: 1e9,
    batch_threshold: 1e9,
  });
  return middle(samples);
}

/** The mean of the middle half of sorted `samples`. */
function middle(samples) {
  const quarter = Math.floor(samples.length / 4);
  const half = samples.slice(quarter, samples.length - quarter);
  return half.reduce((sum, sample) => sum + sample, 0) / half.length;
}

/** Until it gets no faster; gives the time of one call as it is then, in ns. */
async function warm(fn) {
  const asynchronous = typeof fn()?.then === 'function';
  const laps = [];
  let size = 1;
  let total = 0;
  while (laps.length < MOST_LAPS) {
    const begun = performance.now();
    let calls = 0;
    for (; performance.now() - begun < LAP_MS; calls += size) {
      if (asynchronous) for (let i = 0; i < size; i++) await fn();
      else for (let i = 0; i < size; i++) fn();
    }
    const ns = ((performance.now() - begun) / calls) * 1e6;
    laps.push(ns);
    total += calls;
    size = Math.max(1, Math.round(BATCH_NS / ns));
    const [earlier, later] = [laps.slice(-2 * WINDOW, -WINDOW), laps.slice(-WINDOW)];
    const enough = total >= LEAST.calls ? LEAST.laps : LEAST.slowLaps;
    if (laps.length >= enough && Math.min(...later) > 0.95 * Math.min(...earlier)) break;
  }
  return Math.min(...laps);
}
