import { median, ratio } from '../harness/statistics.mjs';

const LARGER = { ns: [1000, 'µs'], µs: [1000, 'ms'], ms: [1000, 's'], bytes: [1024, 'KiB'] };

/** `1.3 µs`. */
export function quantity(value, unit) {
  const [short, ...rest] = unit.split(' ');
  const larger = LARGER[short];
  if (larger !== undefined && Math.abs(value) >= 1.5 * larger[0])
    return quantity(value / larger[0], [larger[1], ...rest].join(' '));
  return `${number(value)} ${unit}`;
}

export function number(value) {
  const size = Math.abs(value);
  if (size >= 100) return value.toLocaleString('en', { maximumFractionDigits: 0 });
  return value.toFixed(size >= 10 ? (size >= 30 ? 0 : 1) : size >= 1 ? 1 : 2);
}

/** Half of what the rounds differ by, of their median. */
export function spread(samples) {
  const half = (Math.max(...samples) - Math.min(...samples)) / 2;
  const middle = Math.abs(median(samples));
  return middle === 0 ? '' : `±${Math.round((half / middle) * 100)} %`;
}

/** What was measured, with its spread, and as a multiple of `reference` where that is another row. */
export function cell({ samples, unit }, reference) {
  const measured = `${quantity(median(samples), unit)} ${spread(samples)}`.trim();
  return reference === undefined || reference === samples
    ? measured
    : `**${ratio(samples, reference).toFixed(2)}** (${measured})`;
}
