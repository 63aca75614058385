import { median } from '../harness/statistics.mjs';
import { quantity, spread } from './cell.mjs';

/** Prints what a benchmark measured. */
export function printResult({ name, title, rounds, seconds, rows, claims, ahead }) {
  console.log(`\n${name}: ${title} (${rounds} rounds, ${seconds.toFixed(0)} s)`);
  for (const { operation, subject, x, samples, unit, added, perSecond } of rows) {
    const parts = [
      operation.padEnd(34),
      String(x ?? '').padStart(6),
      subject.padEnd(44),
      quantity(median(samples), unit).padStart(18),
      spread(samples).padStart(7),
      ...(added ? [`added ${quantity(median(added), unit)} ${spread(added)}`] : []),
      ...(perSecond ? [`${Math.round(median(perSecond))} a second`] : []),
    ];
    console.log(`  ${parts.join(' ')}`);
  }
  for (const { what, value, limit, unit, holds } of claims)
    console.log(
      `  ${holds ? 'holds' : 'DOES NOT HOLD'}: ${what}: ${show(value, unit)}, claimed <= ${show(limit, unit)}`,
    );
  for (const { operation, rival, times, why = 'NOT EXPLAINED' } of ahead)
    console.log(`  behind ${rival} in ${operation}: ${times.toFixed(2)} times. ${why}`);
}

const show = (value, unit) => (unit === 'times' ? value.toFixed(2) : quantity(value, unit));
