// The claim guarded here: a Nest application with the module, and ten context-scoped providers, boots in at most 50 ms more than without, its
// import included, and in at most 1.2 times the time that it takes with nestjs-cls and ten proxies.

import { inFreshProcess, inRounds } from '../harness/rounds.mjs';
import { OWN } from '../harness/subjects.mjs';

const child = `${import.meta.dirname}/boot.child.mjs`;

const BARE = 'the application alone';
const PROXIES = 'nestjs-cls proxies';
const applications = {
  [BARE]: ['bare'],
  [OWN]: [OWN],
  [PROXIES]: ['nestjs-cls'],
  'Scope.REQUEST': ['scope-request'],
};

export const benchmark = {
  title: 'Boot of a Nest application with ten providers, on Fastify',
  reference: BARE,
  rounds: 3,
  async run(rounds) {
    const subjects = Object.keys(applications);
    const samples = await inRounds(subjects, rounds, (subject) =>
      inFreshProcess(child, ['fastify', ...applications[subject], '10', '1']),
    );
    return ['import and boot', 'boot'].flatMap((operation) =>
      subjects.map((subject, i) => ({
        operation,
        subject,
        unit: 'ms',
        samples: samples[i].map((sample) => sample[operation]),
      })),
    );
  },
  behind: {
    [`import and boot, ${PROXIES}`]: 'ours loads nestjs-cls and then itself',
    'import and boot, Scope.REQUEST': 'it is a part of Nest: nothing more is loaded',
    'boot, Scope.REQUEST': 'nothing is made at boot: all of it is made for each request',
    [`boot, ${PROXIES}`]:
      'ours also looks at every route, gateway and message handler, so that each is in a unit of work',
  },
  claims: (of) => [of.more('import and boot', OWN, BARE, 50), of.times('import and boot', OWN, PROXIES, 1.2)],
};
