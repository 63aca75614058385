// The claim guarded here: what context-scoped providers add to a request of which one is used does not grow with how many are
// registered: with 1,000 at most 1.3 times what it is with 10, in server CPU on Fastify. Proxies of nestjs-cls, Scope.REQUEST and
// durable providers are built or looked through for each request. How it is measured: harness/server-cpu.mjs.

import { measureServers } from '../harness/server-cpu.mjs';
import { OF_A_TENANT, OWN } from '../harness/subjects.mjs';

const DURABLE = 'durable providers';
const ONE_USED = 'request, one provider used';

const lines = {
  'the application alone': ['bare', [1]],
  [OWN]: [OWN, [1, 10, 50, 200, 1000]],
  'nestjs-cls proxies': ['nestjs-cls', [1, 200]],
  'Scope.REQUEST': ['scope-request', [1, 200]],
  [DURABLE]: ['durable', [1, 200]],
};

export const benchmark = {
  title: 'Registered providers',
  axis: 'registered providers',
  rounds: 2,
  run: (rounds) =>
    measureServers({
      variants: Object.entries(lines).flatMap(([subject, [kind, counts]]) =>
        counts.map((x) => ({ operation: ONE_USED, subject, x, args: ['fastify', kind, String(x), '1'] })),
      ),
      rounds,
      turns: 3,
    }),
  behind: { [`${ONE_USED}, ${DURABLE}`]: OF_A_TENANT },
  claims: (of) => [of.growthOfAdded(ONE_USED, OWN, 10, 1000, 1.3)],
};
