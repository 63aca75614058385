// What requests of the soak ask for, how often, what they must be answered, and which stages one that was not aborted
// must have passed: no more and no fewer.

import { randomFrom } from '../carriers/random.mjs';
import { all } from './stages.mjs';

/** Of every request, with a route or without; the listeners of the response are those of a middleware. */
const OPEN = ['setup', 'use', 'middleware', 'finish', 'close', 'requestClose', 'end'];
const HANDLED = [...OPEN, 'guard', 'populator', 'before', 'pipe', 'param', 'handler'];
const FAILED = ['onError', 'filter'];

const answer = {
  /** What the handlers answer. */
  own: (n) => `{"n":${n},"who":${n},"actor":${n},"id":"r${n}"}`,
  /** What the filter answers. */
  refused: (n) => `{"refused":${n}}`,
  lines: (n, count) => `${n}\n`.repeat(count),
  events: (n, count) =>
    `\n${Array.from({ length: count }, (_, i) => `id: ${i + 1}\ndata: ${n}\n\n`).join('')}`,
};

const good = (weight, ...more) => ({
  weight,
  status: 200,
  body: answer.own,
  stages: all(...HANDLED, 'after', ...more),
});
const failing = (fail, status, ...stages) => ({
  weight: 0.4,
  fail,
  path: 'plain',
  status,
  body: answer.refused,
  stages: all(...stages, 'filter'),
});

/** Lines of a file that is sent whole. */
export const LINES = 6;
export const EVENTS = 3;

export const kinds = {
  plain: good(54),
  awaits: good(12, 'awaited', 'scoped', 'disposed'),
  branches: good(6, 'scoped', 'disposed', 'task', 'gather', 'temporary', 'elevated', 'sibling'),
  leaving: good(3, 'scoped', 'disposed', 'bound', 'background', 'reported', 'left', 'signal'),
  slow: good(3, 'awaited', 'signal'),
  observable: good(2, 'stream'),
  body: { ...good(6, 'awaited'), status: 201, method: 'POST' },
  file: {
    weight: 2,
    status: 200,
    body: (n) => answer.lines(n, LINES),
    stages: all(...HANDLED, 'after', 'stream'),
  },
  raw: {
    weight: 1,
    status: 200,
    body: (n) => answer.lines(n, LINES),
    stages: all(...HANDLED, 'after', 'stream'),
  },
  events: {
    weight: 1.5,
    status: 200,
    body: (n) => answer.events(n, EVENTS),
    stages: all(...HANDLED, 'after', 'event'),
  },
  nowhere: { weight: 1, status: 404, body: answer.refused, stages: all(...OPEN, 'filter') },

  // Errors, at every stage.
  failingSetup: failing('setup', 500, 'setup', 'end'),
  failingMiddleware: failing('middleware', 500, ...OPEN),
  failingGuard: failing('guard', 403, ...OPEN, 'guard'),
  failingPopulator: failing('populator', 500, ...OPEN, 'guard', 'populator'),
  failingBefore: failing('before', 500, ...OPEN, 'guard', 'populator', 'before'),
  failingPipe: failing('pipe', 400, ...OPEN, 'guard', 'populator', 'before', 'pipe', 'param', 'onError'),
  failingHandler: failing('handler', 500, ...HANDLED, ...FAILED),
  failingLate: { ...failing('late', 500, ...HANDLED, ...FAILED, 'awaited'), path: 'late' },
  failingAfter: failing('after', 500, ...HANDLED, 'after', ...FAILED),
  /** By the framework, because Nest has nothing after its filters. */
  failingFilter: { ...failing('filter', 500, ...HANDLED, ...FAILED), body: undefined },
  /** Cut, with its connection. */
  failingFile: {
    weight: 0.5,
    status: 200,
    body: (n) => answer.lines(n, 2),
    cut: true,
    stages: all(...HANDLED.filter((name) => name !== 'finish'), 'after', 'stream'),
  },

  // Time-outs: of the module, of an interceptor of the application, of the client.
  tooLong: {
    weight: 0.05,
    status: 408,
    body: answer.refused,
    stages: all(...HANDLED, 'signal', ...FAILED),
  },
  outrun: {
    weight: 0.5,
    status: 408,
    body: answer.refused,
    stages: all(...HANDLED, 'left', ...FAILED),
  },
  never: { weight: 0.5, leaves: true },
  endless: { weight: 0.5, leaves: true },
};

const drawn = Object.entries(kinds);
const total = drawn.reduce((sum, [, { weight }]) => sum + weight, 0);

/** The kind of request `n`: the same for the same seed, and as often as its weight says. */
export function kindOf(n, seed) {
  let left = randomFrom(seed + Math.imul(n, 0x9e3779b1)).number() * total;
  for (const [name, { weight }] of drawn) {
    left -= weight;
    if (left < 0) return name;
  }
  return 'plain';
}
