// What the inspector costs a request, in server CPU: not mounted, mounted while nobody looks, and while a page is open that is told of
// every request. In each request a context-scoped instance is made, so that there is something to tell. The claim guarded here: while
// nobody looks, a request takes at most 1.05 times what it takes without the inspector.
// Not a part of `npm run bench`; `node bench/run.mjs requests/inspector --rounds 9`.

import { once } from 'node:events';
import { get } from 'node:http';
import { measureServers } from '../harness/server-cpu.mjs';
import { OWN } from '../harness/subjects.mjs';

const WITHOUT = 'not mounted';
const NOBODY = 'mounted, nobody looks';
const SOMEBODY = 'somebody looks';
const ADAPTERS = { Express: 'express', Fastify: 'fastify' };

/** A page that reads all it is told; it goes with its server. */
async function look({ url }) {
  const [page] = await once(get(new URL('/inspector/events', url)), 'response');
  if (page.statusCode !== 200) throw new Error(`the inspector answers ${page.statusCode}`);
  page.on('error', () => {}).resume();
}

const subjects = {
  [WITHOUT]: { kind: OWN },
  [NOBODY]: { kind: 'with-inspector' },
  [SOMEBODY]: { kind: 'with-inspector', prepare: look },
};

export const benchmark = {
  title: 'The inspector',
  reference: WITHOUT,
  rounds: 5,
  onDemand: true,
  run: (rounds) =>
    measureServers({
      variants: Object.entries(ADAPTERS).flatMap(([operation, adapter]) =>
        Object.entries(subjects).map(([subject, { kind, prepare }]) => ({
          ...{ operation, subject, prepare, group: operation },
          args: [adapter, kind, '1', '1'],
        })),
      ),
      rounds,
      turns: 10,
    }),
  claims: (of) => Object.keys(ADAPTERS).map((operation) => of.times(operation, NOBODY, WITHOUT, 1.05)),
};
