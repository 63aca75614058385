import { labelOf } from '../harness/results.mjs';
import { median, ratio } from '../harness/statistics.mjs';
import { OWN } from '../harness/subjects.mjs';
import { cell, quantity } from './cell.mjs';
import { countedOf, grows, isBaseline, rowAt, unique } from './rows.mjs';

const line = (cells) => `| ${cells.join(' | ')} |`;

function table(head, rows) {
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** What was measured on one Node.js: a row for each operation, or size, and a column for each subject. */
export function measuredTable(result) {
  return grows(result) ? growthTable(result) : operationsTable(result);
}

function operationsTable({ rows, reference }) {
  const subjects = unique(rows.map(({ subject }) => subject));
  const body = unique(rows.map(({ operation }) => operation)).map((operation) => {
    const compared = rowAt(rows, operation, reference);
    return [
      operation,
      ...subjects.map((subject) => {
        const row = rowAt(rows, operation, subject);
        if (row === undefined) return '';
        if (row.added === undefined || isBaseline(row)) return cell(row, compared?.samples);
        return `+ ${cell({ samples: row.added, unit: row.unit })}`;
      }),
    ];
  });
  return table(['', ...subjects], body);
}

function growthTable({ rows, axis }) {
  const lines = unique(rows.map((row) => nameOfLine(row, rows)));
  const sizes = unique(rows.map(({ x }) => x)).sort((a, b) => a - b);
  const body = lines.map((name) => [
    name,
    ...sizes.map((x) => {
      const row = rows.find((one) => nameOfLine(one, rows) === name && one.x === x);
      return row === undefined ? '' : quantity(median(countedOf(row)), row.unit);
    }),
  ]);
  return table([axis, ...sizes.map((x) => x.toLocaleString('en'))], body);
}

/** What tells a line of a plot from the others. */
export function nameOfLine({ operation, subject }, rows) {
  if (rows.every((row) => row.operation === operation)) return subject;
  return subject === OWN ? operation : `${operation}, ${subject}`;
}

/** Requests per second, where autocannon was there. */
export function throughputTable({ rows }) {
  const measured = rows.filter(({ perSecond }) => perSecond !== undefined);
  if (measured.length === 0) return '';
  const subjects = unique(measured.map(({ subject }) => subject));
  const groupOf = (operation) => operation.split(', ')[0];
  const body = unique(measured.map(({ operation }) => operation)).map((operation) => {
    const bare = measured.find((row) => groupOf(row.operation) === groupOf(operation)).perSecond;
    return [
      operation,
      ...subjects.map((subject) => {
        const row = rowAt(measured, operation, subject);
        if (row === undefined) return '';
        const perSecond = Math.round(median(row.perSecond)).toLocaleString('en');
        return row.perSecond === bare
          ? perSecond
          : `**${ratio(row.perSecond, bare).toFixed(2)}** (${perSecond})`;
      }),
    ];
  });
  return table(['requests per second', ...subjects], body);
}

/** What is claimed, and what was measured on each Node.js. */
export function claimsTable(results) {
  const columns = results.map((result) => labelOf(result));
  const body = unique(results.flatMap(({ claims }) => claims.map(({ what }) => what))).map((what) => [
    what,
    ...results.map(({ claims }) => {
      const claim = claims.find((one) => one.what === what);
      if (claim === undefined) return '';
      const { value, limit, unit, holds } = claim;
      return `${show(value, unit)}, ${holds ? 'at most' : '**not** at most'} ${show(limit, unit)}`;
    }),
  ]);
  return body.length === 0 ? '' : table(['claimed', ...columns], body);
}

const show = (value, unit) => (unit === 'times' ? value.toFixed(2) : quantity(value, unit));

/** Where a rival is ahead, by how much and why. */
export function aheadList(results) {
  const found = results.flatMap((result) => result.ahead.map((one) => ({ ...one, label: labelOf(result) })));
  const rows = unique(found.map(({ operation, rival }) => `${operation}|${rival}`)).map((key) => {
    const same = found.filter(({ operation, rival }) => `${operation}|${rival}` === key);
    const times = unique(same.map(({ label }) => label)).map((label) => {
      const most = Math.max(...same.filter((one) => one.label === label).map((one) => one.times));
      return `${most.toFixed(1)} times (${label})`;
    });
    const [{ operation, rival, why = 'not explained yet' }] = same;
    return `- ${operation}: ${rival} is ahead, ours takes ${times.join(', ')} as much: ${why}.`;
  });
  return rows.join('\n');
}
