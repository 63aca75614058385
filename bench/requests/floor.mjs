// The claim guarded here: on Fastify, with ids and one variable set, the module adds at most 1.5 times what its floor adds to a
// request, in server CPU; and ten context-scoped providers, of which a request uses one, add at most 1.5 µs to that. The floor is in
// open-floor.mjs: what the promises for a request cannot do without. How it is measured: harness/server-cpu.mjs.

import { measureServers } from '../harness/server-cpu.mjs';
import { OWN } from '../harness/subjects.mjs';

const FASTIFY = 'Fastify';
const FLOOR = 'the floor';
const TEN = 'nestjs-contextvars, ten scoped providers, one used';

const subjects = {
  'the application alone': ['bare', 0, 0],
  [FLOOR]: ['floor', 0, 0],
  [OWN]: [OWN, 0, 0],
  [TEN]: [OWN, 10, 1],
};

export const benchmark = {
  title: 'A request against its floor',
  rounds: 4,
  run: (rounds) =>
    measureServers({
      variants: Object.entries(subjects).map(([subject, args]) => ({
        operation: FASTIFY,
        subject,
        args: ['fastify', ...args.map(String)],
      })),
      rounds,
      turns: 8,
    }),
  claims: (of) => [of.timesAdded(FASTIFY, OWN, FLOOR, 1.5), of.more(FASTIFY, TEN, OWN, 1.5)],
};
