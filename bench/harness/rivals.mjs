import { ratio } from './statistics.mjs';
import { OWN, RIVALS } from './subjects.mjs';

/** Less than this is within what a run differs from the next. */
const LEVEL = 1.05;

/**
 * Where a rival is ahead of us in a row that both have: by how much, and why, which `behind` of the benchmark says for
 * 'operation, rival'.
 */
export function aheadOfUs({ behind = {} }, rows) {
  return rows.flatMap(({ operation, subject, x, samples, added }) => {
    if (!RIVALS.has(subject)) return [];
    const own = rows.find((row) => row.operation === operation && row.subject === OWN && row.x === x);
    if (own === undefined) return [];
    const times = added === undefined ? ratio(own.samples, samples) : ratio(own.added, added);
    if (times <= LEVEL) return [];
    return [{ operation, rival: subject, x, times, why: behind[`${operation}, ${subject}`] }];
  });
}
