import { showActions } from './actions.js';
import { RequestList } from './request-list.js';

const byId = (id) => document.getElementById(id);

/** When to ask again after the server has refused, in ms. */
const ASK_AGAIN_MS = 2000;

const list = new RequestList({
  list: byId('requests'),
  heads: byId('columns'),
  empty: byId('empty'),
  count: byId('count'),
});

function show(state, text) {
  const connection = byId('connection');
  connection.dataset.state = state;
  connection.textContent = text;
}

function connect() {
  const source = new EventSource(new URL('events', import.meta.url));
  source.addEventListener('hello', ({ data }) => {
    const hello = JSON.parse(data);
    show('live', 'live');
    list.begin(hello);
    showActions(byId('actions'), hello.actions);
  });
  source.addEventListener('request', ({ data }) => list.put(JSON.parse(data)));
  source.addEventListener('error', () => {
    show('lost', 'connection lost, trying again');
    // A connection that was lost the browser opens again; one that was refused it does not.
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, ASK_AGAIN_MS);
  });
}

byId('filter').addEventListener('input', ({ target }) => list.filterBy(target.value));
byId('clear').addEventListener('click', () => list.clear());
byId('pause').addEventListener('click', ({ target }) => {
  const paused = target.getAttribute('aria-pressed') !== 'true';
  target.setAttribute('aria-pressed', String(paused));
  target.textContent = paused ? 'Resume' : 'Pause';
  list.pause(paused);
});
connect();
