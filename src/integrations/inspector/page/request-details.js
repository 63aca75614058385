import { element, offset } from './element.js';
import { timeline } from './timeline.js';

function fact(name, value) {
  return element(
    'div',
    { class: 'fact' },
    element('dt', { text: name }),
    element('dd', { text: value, 'data-hidden': value === '[hidden]' }),
  );
}

function facts({ requestId, startedAt, fields, error }) {
  return element(
    'dl',
    { class: 'facts' },
    fact('request id', requestId),
    fact('began', new Date(startedAt).toISOString()),
    ...Object.entries(fields)
      .filter(([, value]) => value !== requestId)
      .map(([name, value]) => fact(name, value)),
    error === undefined ? undefined : fact('error', error),
  );
}

function logLine({ atMs, level, context, text }) {
  return element(
    'li',
    { class: 'line', 'data-level': level },
    element('span', { class: 'at', text: offset(atMs) }),
    element('span', { class: 'level', text: level }),
    element('span', { class: 'context', text: context }),
    element('span', { class: 'text', text }),
  );
}

function log({ lines, leftOut }) {
  if (lines.length === 0) return undefined;
  const more =
    leftOut.lines > 0 && element('li', { class: 'left-out', text: `${leftOut.lines} more are not kept` });
  return element(
    'section',
    {},
    element('h3', { text: 'Log' }),
    element('ol', { class: 'log' }, ...lines.map(logLine), more || undefined),
  );
}

/** All that is known of a request. */
export function requestDetails(record) {
  return element(
    'div',
    { class: 'details' },
    facts(record),
    element('section', {}, element('h3', { text: 'Timeline' }), timeline(record)),
    log(record),
  );
}
