// The claim guarded here: an import of "./core" and of "./lambda" takes less than 10 ms more than one of node:async_hooks, which is what a
// cold start pays, and less than what rivals do the same work with. "." loads Nest and nestjs-cls, on which it is built, and takes at most
// 1.3 times as long as they do. Each import in a fresh process, as a module and by `require`.

import { inFreshProcess, inRounds } from '../harness/rounds.mjs';
import { CLS, FASTIFY, OTEL, OWN, RAW, UNCTX } from '../harness/subjects.mjs';

const child = {
  import: `${import.meta.dirname}/import.child.mjs`,
  require: `${import.meta.dirname}/require.child.cjs`,
};

const NEST = 'Nest alone';
const POWERTOOLS = 'Powertools Logger';
const HOOKS = ['node:async_hooks'];
const own = (entry) => [`nestjs-contextvars${entry.slice(1)}`];

/** What is loaded for each, by entry of ours. */
const compared = {
  '.': { [NEST]: ['@nestjs/common', '@nestjs/core'], [OWN]: own('.'), [CLS]: ['nestjs-cls'] },
  './core': {
    [RAW]: HOOKS,
    [OWN]: own('./core'),
    [UNCTX]: ['unctx'],
    [OTEL]: ['@opentelemetry/api', '@opentelemetry/context-async-hooks'],
    [FASTIFY]: ['@fastify/request-context'],
  },
  './lambda': { [RAW]: HOOKS, [OWN]: own('./lambda'), [POWERTOOLS]: ['@aws-lambda-powertools/logger'] },
};
const others = [
  './bullmq',
  './container',
  './http',
  './microservices',
  './opentelemetry',
  './pino',
  './testing',
  './worker',
];

/** Node.js 20 cannot `require` what is a module alone. */
const canRequire = (subject) => subject !== UNCTX;

const operations = {
  ...Object.fromEntries(
    Object.entries(compared).map(([entry, subjects]) => [`import "${entry}"`, { how: 'import', subjects }]),
  ),
  ...Object.fromEntries(
    Object.entries(compared).map(([entry, subjects]) => [
      `require "${entry}"`,
      {
        how: 'require',
        subjects: Object.fromEntries(Object.entries(subjects).filter(([subject]) => canRequire(subject))),
      },
    ]),
  ),
  ...Object.fromEntries(
    others.map((entry) => [`import "${entry}"`, { how: 'import', subjects: { [OWN]: own(entry) } }]),
  ),
};

const SMALLER =
  'is one file with fewer things in it, and does less: no units of work, temporary scopes, carriers or tasks';

export const benchmark = {
  title: 'Import',
  reference: RAW,
  rounds: 2,
  async run(rounds) {
    const variants = Object.entries(operations).flatMap(([operation, { how, subjects }]) =>
      Object.entries(subjects).map(([subject, packages]) => ({ operation, subject, how, packages })),
    );
    const samples = await inRounds(variants, rounds, ({ how, packages }) =>
      inFreshProcess(child[how], packages),
    );
    return variants.map(({ operation, subject }, i) => ({
      operation,
      subject,
      unit: 'ms',
      samples: samples[i],
    }));
  },
  behind: {
    [`import ".", ${CLS}`]: 'ours loads nestjs-cls and then itself',
    [`require ".", ${CLS}`]: 'ours loads nestjs-cls and then itself',
    [`import "./core", ${UNCTX}`]: SMALLER,
    [`import "./core", ${FASTIFY}`]: SMALLER,
    [`import "./core", ${OTEL}`]: SMALLER,
    [`require "./core", ${FASTIFY}`]: SMALLER,
    [`require "./core", ${OTEL}`]: SMALLER,
  },
  claims: (of) => [
    ...['import', 'require'].flatMap((how) => [
      of.more(`${how} "./core"`, OWN, RAW, 10),
      of.more(`${how} "./lambda"`, OWN, RAW, 10),
      of.times(`${how} "./lambda"`, OWN, POWERTOOLS, 1),
      of.times(`${how} "."`, OWN, CLS, 1.3),
    ]),
  ],
};
