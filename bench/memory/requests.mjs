// The claim guarded here: a request that waits holds less than with nestjs-cls's middleware (Fastify), and each context-scoped instance less than a
// proxy of nestjs-cls and than a provider of Scope.REQUEST. What is held is the heap with 400 requests waiting, less that without, divided by them;
// what is added to it by one instance is a tenth of what ten add.

import { setTimeout as sleep } from 'node:timers/promises';
import { inRounds } from '../harness/rounds.mjs';
import { Server } from '../harness/server.mjs';
import { OWN } from '../harness/subjects.mjs';

const CONNECTIONS = 400;
const REQUEST = 'a request that waits';
const INSTANCE = 'a scoped instance of it';

const BARE = 'the application alone';
const applications = {
  [BARE]: { [REQUEST]: ['bare', 0, 0] },
  [OWN]: { [REQUEST]: [OWN, 0, 0], [INSTANCE]: [OWN, 10, 10] },
  'nestjs-cls proxies': { [REQUEST]: ['nestjs-cls', 0, 0], [INSTANCE]: ['nestjs-cls', 10, 10] },
  'Scope.REQUEST': { [INSTANCE]: ['scope-request', 10, 10] },
};

async function bytesOfRequest({ args }) {
  const server = await Server.start(['fastify', ...args.map(String)], {
    flags: ['--expose-gc'],
    connections: CONNECTIONS,
    path: '/hold',
  });
  // The first ones are for what is made once.
  await hold(server);
  const bytes = await hold(server);
  await server.stop();
  return bytes;
}

/** Has a request wait on each connection, and gives what one holds. */
async function hold(server) {
  const { heap: before } = await server.ask('heap');
  server.connections.ask();
  while ((await server.ask('waiting')).waiting < CONNECTIONS) await sleep(5);
  const { heap: now } = await server.ask('heap');
  const answered = server.connections.answered();
  await server.ask('let go');
  await answered;
  return (now - before) / CONNECTIONS;
}

export const benchmark = {
  title: 'Requests that wait, and their instances',
  rounds: 2,
  async run(rounds) {
    const variants = Object.entries(applications).flatMap(([subject, operations]) =>
      Object.entries(operations).map(([operation, args]) => ({ operation, subject, args })),
    );
    const samples = await inRounds(variants, rounds, bytesOfRequest, 2);
    const row = (operation, subject) =>
      samples[
        variants.findIndex((variant) => variant.operation === operation && variant.subject === subject)
      ];
    const bare = row(REQUEST, BARE);
    const unit = 'bytes';
    return variants.map(({ operation, subject }, i) => {
      if (operation === REQUEST) {
        const added = samples[i].map((bytes, round) => bytes - bare[round]);
        return { operation, subject, unit, samples: samples[i], added };
      }
      const without = row(REQUEST, subject) ?? bare;
      return {
        operation,
        subject,
        unit,
        samples: samples[i].map((bytes, round) => (bytes - without[round]) / 10),
      };
    });
  },
  claims: (of) => [
    of.timesAdded(REQUEST, OWN, 'nestjs-cls proxies', 1),
    of.times(INSTANCE, OWN, 'nestjs-cls proxies', 1),
    of.times(INSTANCE, OWN, 'Scope.REQUEST', 1),
  ],
};
