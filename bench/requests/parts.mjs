// Where the time of a request goes (docs/decisions/cost-of-a-request.md), in server CPU on Fastify: the module with parts of it switched
// off or on, and an interceptor that does nothing. The claim guarded here: an answer without the ids costs less than one with them.
// Not a part of `npm run bench`; `node bench/run.mjs requests/parts`.

import { measureServers } from '../harness/server-cpu.mjs';
import { OWN } from '../harness/subjects.mjs';

const FASTIFY = 'Fastify';
const WITHOUT = 'respondWithIds: false';

const subjects = {
  'the application alone': 'bare',
  'the floor': 'floor',
  'an interceptor that does nothing': 'interceptor',
  [WITHOUT]: 'without-answer',
  [OWN]: OWN,
  'with an onEnd': 'with-onEnd',
};

export const benchmark = {
  title: 'The parts of a request',
  rounds: 5,
  onDemand: true,
  run: (rounds) =>
    measureServers({
      variants: Object.entries(subjects).map(([subject, kind]) => ({
        operation: FASTIFY,
        subject,
        args: ['fastify', kind, '0', '0'],
      })),
      rounds,
      turns: 10,
    }),
  claims: (of) => [of.more(FASTIFY, WITHOUT, OWN, 0)],
};
