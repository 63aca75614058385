import { duration, element } from './element.js';
import { requestDetails } from './request-details.js';
import { miniature } from './timeline.js';

const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});

/** In one word or number, and how good that is. */
function result({ status, outcome, unseen }) {
  if (outcome === undefined) return unseen ? ['not seen', 'unseen'] : ['running', 'running'];
  if (outcome === 'aborted') return ['aborted', 'aborted'];
  if (status === undefined) return outcome === 'failed' ? ['failed', 'failed'] : ['done', 'completed'];
  if (status >= 500) return [status, 'failed'];
  return [status, status >= 400 ? 'refused' : 'completed'];
}

/** The heads of the cells below. */
export function rowHeads(columns) {
  return ['Time', 'Request', ...columns, 'Status', 'Duration', '', 'Request id'].map((text) =>
    element('span', { text }),
  );
}

/** A request in one line, which opens to all that is known of it. */
export function requestRow(record, { columns, longest, open, toggle }) {
  const { key, kind, method, title, startedAt, fields, durationMs, requestId } = record;
  const [text, grade] = result(record);
  const row = element(
    'button',
    { class: 'row', type: 'button', 'aria-expanded': open ? 'true' : 'false' },
    element('span', { class: 'time', text: clock.format(startedAt) }),
    element(
      'span',
      { class: 'target' },
      element('span', { class: 'method', 'data-method': method, text: method ?? kind }),
      element('span', { class: 'path', text: title, title }),
    ),
    ...columns.map((column) =>
      element('span', { class: 'field', text: fields[column] ?? '–', title: column }),
    ),
    element('span', {}, element('span', { class: 'chip', 'data-outcome': grade, text })),
    element('span', { class: 'duration', text: durationMs === undefined ? '…' : duration(durationMs) }),
    miniature(record, longest),
    element('span', { class: 'id', text: requestId.slice(0, 8), title: requestId }),
  );
  row.addEventListener('click', () => toggle(key));
  return element(
    'li',
    { class: 'request', 'data-request-id': requestId, 'data-outcome': grade },
    row,
    open ? requestDetails(record) : undefined,
  );
}
