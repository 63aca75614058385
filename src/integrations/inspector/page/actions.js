import { element } from './element.js';

/** Sends one request and gives its status. */
async function send({ method, path, headers, body }) {
  try {
    const response = await fetch(path, { method, headers, body });
    await response.arrayBuffer();
    return String(response.status);
  } catch {
    return 'failed';
  }
}

async function fire({ requests, times, overlapping }) {
  const all = Array.from({ length: times }, () => requests).flat();
  if (overlapping) return Promise.all(all.map(send));
  const results = [];
  for (const request of all) results.push(await send(request));
  return results;
}

/** `201 × 4, 403 × 2` */
function summary(results) {
  const counts = Map.groupBy(results, (result) => result);
  return [...counts].map(([result, all]) => `${result} × ${all.length}`).join(', ');
}

/** How many requests, and how. */
function measure({ requests, times, overlapping }) {
  const count = times * requests.length;
  if (count === 1) return '1 request';
  return `${count} ${overlapping ? 'at once' : 'in turn'}`;
}

function button(action) {
  const answers = element('output', { class: 'answers' });
  const made = element(
    'button',
    { class: 'action', type: 'button' },
    element('span', { text: action.label }),
    element('span', { class: 'count', text: measure(action) }),
  );
  made.addEventListener('click', async () => {
    made.disabled = true;
    answers.textContent = '…';
    answers.textContent = summary(await fire(action));
    made.disabled = false;
  });
  return element('div', { class: 'action-with-answers' }, made, answers);
}

/** The buttons that fire requests. */
export function showActions(section, actions) {
  section.hidden = actions.length === 0;
  section.replaceChildren(...actions.map(button));
}
