// The claim guarded here: on Fastify and on Express the module adds less CPU to a request than the middleware of nestjs-cls, and ten
// context-scoped providers, of which a request uses one or all, less than ten proxies of nestjs-cls and ten of Scope.REQUEST. All but
// the latter and durable providers set an id, a header and one value. Beside it, requests per second by autocannon.

import { measureServers } from '../harness/server-cpu.mjs';
import { OF_A_TENANT, OWN } from '../harness/subjects.mjs';
import { throughput } from '../harness/throughput.mjs';

const MIDDLEWARE = 'nestjs-cls middleware';
const PROXIES = 'nestjs-cls proxies';
const REQUEST = 'Scope.REQUEST';
const DURABLE = 'durable providers';

const CONTEXT = 'context only';
const ONE = 'ten providers, one used';
const ALL = 'ten providers, ten used';

const operations = {
  [CONTEXT]: {
    'the application alone': ['bare', 0, 0],
    [OWN]: [OWN, 0, 0],
    [MIDDLEWARE]: ['nestjs-cls', 0, 0],
  },
  [ONE]: {
    [OWN]: [OWN, 10, 1],
    [PROXIES]: ['nestjs-cls', 10, 1],
    [REQUEST]: ['scope-request', 10, 1],
    [DURABLE]: ['durable', 10, 1],
  },
  [ALL]: {
    [OWN]: [OWN, 10, 10],
    [PROXIES]: ['nestjs-cls', 10, 10],
    [REQUEST]: ['scope-request', 10, 10],
  },
};

const ADAPTERS = { Fastify: ['fastify', [CONTEXT, ONE, ALL]], Express: ['express', [CONTEXT, ONE]] };

const variants = Object.entries(ADAPTERS).flatMap(([name, [adapter, measured]]) =>
  measured.flatMap((operation) =>
    Object.entries(operations[operation]).map(([subject, args]) => ({
      group: adapter,
      operation: `${name}, ${operation}`,
      subject,
      args: [adapter, ...args.map(String)],
    })),
  ),
);

export const benchmark = {
  title: 'Requests beside the rivals',
  rounds: 2,
  run: (rounds) => measureServers({ variants, rounds, turns: 4, finish: throughput }),
  behind: {
    [`Fastify, ${ONE}, ${DURABLE}`]: OF_A_TENANT,
    [`Express, ${ONE}, ${DURABLE}`]: OF_A_TENANT,
  },
  claims: (of) => [
    ...Object.keys(ADAPTERS).flatMap((name) => [
      of.timesAdded(`${name}, ${CONTEXT}`, OWN, MIDDLEWARE, 1),
      of.timesAdded(`${name}, ${ONE}`, OWN, PROXIES, 1),
      of.timesAdded(`${name}, ${ONE}`, OWN, REQUEST, 1),
    ]),
    of.timesAdded(`Fastify, ${ALL}`, OWN, PROXIES, 1),
    of.timesAdded(`Fastify, ${ALL}`, OWN, REQUEST, 1),
  ],
};
