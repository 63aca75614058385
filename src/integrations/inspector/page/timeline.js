import { element, offset, place } from './element.js';

/** How something has ended, where that is not as most things end. */
const WORTH_SAYING = new Set(['failed', 'aborted', 'disposed']);

/** What lies below what, each with its depth, in the order of their beginnings. */
function inTree(entries) {
  const below = Map.groupBy(entries, ({ parent }) => parent);
  const rows = [];
  const add = (parent, depth) => {
    for (const entry of below.get(parent) ?? []) {
      rows.push({ entry, depth });
      add(entry.id, depth + 1);
    }
  };
  add(undefined, 1);
  return rows;
}

/** The end of the axis, in ms: of the last thing that is known to have happened. */
export function extentOf({ durationMs = 0, entries, lines }) {
  const times = entries.flatMap(({ startMs, endMs = startMs }) => [startMs, endMs]);
  return Math.max(durationMs, 0.01, ...times, ...lines.map(({ atMs }) => atMs));
}

/** Between round numbers, of which there are some four up to the end. */
function stepOf(end) {
  const rough = end / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((n) => n * power).find((one) => one >= rough);
}

function bar(kind, startMs, endMs, end) {
  const made = element('span', { class: `span ${kind}`, 'data-open': endMs === undefined });
  return place(made, startMs / end, (endMs ?? end) / end);
}

function marks(lines, end) {
  return lines.map(({ atMs, level, text }) =>
    place(
      element('span', { class: 'mark', 'data-level': level, title: `${offset(atMs)} ms  ${text}` }),
      atMs / end,
      0,
    ),
  );
}

function binding({ name, value }) {
  return element(
    'span',
    { class: 'binding' },
    element('span', { class: 'binding-name', text: name }),
    value === undefined
      ? element('span', { class: 'hidden-value', text: 'hidden', title: 'a secret' })
      : element('span', { class: 'binding-value', text: value }),
  );
}

function title({ type, kind, name }) {
  if (type === 'scope') return name ?? 'temporary scope';
  return name ?? kind ?? '';
}

/** When it began and ended, from the beginning of the request. */
function times({ startMs, endMs }) {
  return endMs === undefined ? `${offset(startMs)} → …` : `${offset(startMs)} → ${offset(endMs)} ms`;
}

function entryRow({ entry, depth }, lines, end) {
  const { type, kind, startMs, endMs, outcome, error, bindings = [] } = entry;
  const label = element(
    'div',
    { class: 'label' },
    element('span', { class: `kind ${type}`, text: type === 'unit' ? kind : type }),
    element('span', { class: 'name', text: title(entry), title: title(entry) }),
    ...bindings.map(binding),
    WORTH_SAYING.has(outcome)
      ? element('span', { class: 'chip', 'data-outcome': outcome, text: outcome })
      : undefined,
    error === undefined ? undefined : element('span', { class: 'error', text: error }),
  );
  label.style.setProperty('--depth', String(depth));
  return element(
    'li',
    { class: 'entry', 'data-type': type, 'data-outcome': outcome ?? 'running' },
    label,
    element('div', { class: 'track' }, bar(type, startMs, endMs, end), ...marks(lines, end)),
    element('div', { class: 'times', text: times(entry) }),
  );
}

function axis(end, step) {
  const ticks = Array.from({ length: Math.floor(end / step) + 1 }, (_, i) => {
    const ms = i * step;
    return place(element('span', { class: 'tick', text: `${Number(ms.toPrecision(3))} ms` }), ms / end, 0);
  });
  return element(
    'li',
    { class: 'entry axis', 'aria-hidden': 'true' },
    element('div', {}),
    element('div', { class: 'track' }, ...ticks),
    element('div', {}),
  );
}

/** The request with all that began in it, as bars over one axis. */
export function timeline(record) {
  const { method, title: path, kind, durationMs, entries, lines, leftOut } = record;
  const end = extentOf(record);
  const linesIn = Map.groupBy(lines, ({ parent }) => parent);
  const root = element(
    'li',
    { class: 'entry root' },
    element('div', { class: 'label' }, element('span', { class: 'name', text: `${method ?? kind} ${path}` })),
    element(
      'div',
      { class: 'track' },
      bar('request', 0, durationMs, end),
      ...marks(linesIn.get(undefined) ?? [], end),
    ),
    element('div', {
      class: 'times',
      text: durationMs === undefined ? '0 → …' : `0 → ${offset(durationMs)} ms`,
    }),
  );
  const rows = inTree(entries).map((row) => entryRow(row, linesIn.get(row.entry.id) ?? [], end));
  const more =
    leftOut.entries > 0 && element('li', { class: 'left-out', text: `${leftOut.entries} more are not kept` });
  const step = stepOf(end);
  const made = element('ol', { class: 'timeline' }, axis(end, step), root, ...rows, more || undefined);
  made.style.setProperty('--step', String(step / end));
  return made;
}

/** The same in one line: the request, and over it the temporary values that were in force. */
export function miniature(record, longest) {
  const { durationMs, entries } = record;
  const end = Math.max(longest, extentOf(record));
  const scopes = entries.filter(({ type }) => type === 'scope');
  return element(
    'span',
    { class: 'track miniature' },
    bar('request', 0, durationMs ?? extentOf(record), end),
    ...scopes.map(({ startMs, endMs }) => bar('scope', startMs, endMs ?? extentOf(record), end)),
  );
}
