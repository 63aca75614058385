export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Medians with their spread over the rounds. */
export function summary(samples) {
  return { median: median(samples), least: Math.min(...samples), most: Math.max(...samples) };
}

/**
 * How many times `samples` are `reference`: the median of what the rounds say, each for itself, so that a machine
 * that slows down slows both.
 */
export function ratio(samples, reference) {
  return median(samples.map((sample, round) => sample / reference[Math.min(round, reference.length - 1)]));
}

/** How much more `samples` are than `reference`, in the same way. */
export function difference(samples, reference) {
  return median(samples.map((sample, round) => sample - reference[Math.min(round, reference.length - 1)]));
}
