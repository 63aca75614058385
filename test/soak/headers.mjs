// A million requests with the headers that carry a context, most of them spoiled: no malformed `baggage` or id is taken,
// nothing crashes, what is written is read again, and a refusal is fast. Works on the built package (`npm run build`).
//
//   node test/soak/headers.mjs [--count 1000000] [--seed N] [--p99 1] [--record]
//
// What is right is not asked of the code under test: headers are read a second time by a parser of its own
// (headers/oracle.mjs). Ends with 1 where anything is wrong; the seed that is printed gives the same run again.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { inspect, isDeepStrictEqual, parseArgs } from 'node:util';
import {
  ContextError,
  ContextVar,
  codecs,
  currentCorrelationId,
  currentRequestId,
  runUnitOfWork,
} from 'nestjs-contextvars/core';
import { acceptHttpContext, extractHttpContext, injectHttpContext } from 'nestjs-contextvars/http';
import { record } from '../support/record.mjs';
import { giants, mutations } from './carriers/mutations.mjs';
import { anyUnit, byteUnit, randomFrom } from './carriers/random.mjs';
import { expectedOf, idOf } from './headers/oracle.mjs';

const { values: args } = parseArgs({
  options: {
    count: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    p99: { type: 'string', default: '1' },
    record: { type: 'boolean', default: false },
  },
});
const count = Number(args.count);
const limitMs = Number(args.p99);
const random = randomFrom(Number(args.seed));
const { below, oneOf, chance } = random;
console.log(`${count} requests, seed ${args.seed}, Node ${process.version}`);

// --- what is carried

const tenant = new ContextVar('tenant', { codec: codecs.string });
const limit = new ContextVar('limit', { codec: codecs.number });
const dryRun = new ContextVar('dryRun', { codec: codecs.boolean });
const variables = [tenant, limit, dryRun];
const NUMBERS = [0, -0, 1, -1, 0.1, 1e21, 1e-7, 5e-324, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER];

const totals = { taken: 0, refused: 0, notWritten: 0, ids: 0, wrong: 0 };
const kinds = {};

function complain(what, subject, detail) {
  totals.wrong += 1;
  if (totals.wrong <= 20) console.error(`WRONG: ${what}`, inspect(subject).slice(0, 600), detail);
}

process.on('unhandledRejection', (error) => complain('an unhandled rejection', undefined, error));

function setRandomly() {
  const values = {};
  if (chance(0.8)) values.tenant = random.text(30, anyUnit);
  if (chance(0.5)) values.limit = chance(0.5) ? oneOf(NUMBERS) : random.number() * 10 ** below(30);
  if (chance(0.5)) values.dryRun = chance(0.5);
  for (const variable of variables) if (variable.name in values) variable.set(values[variable.name]);
  return values;
}

const FOREIGN = [undefined, undefined, 'vendor=1', 'a=b;p=1;q, sentry-trace_id=%20x', 'empty='];

/** What a context of ours writes; it has to be what was set, or an error and nothing. */
function written() {
  return runUnitOfWork({ kind: 'soak', id: random.text(140, chance(0.9) ? idUnit : byteUnit) || 'x' }, () => {
    const values = setRandomly();
    const foreign = oneOf(FOREIGN);
    const headers = foreign === undefined ? {} : { baggage: foreign };
    try {
      injectHttpContext(headers);
    } catch (error) {
      totals.notWritten += 1;
      const isOurs = error instanceof ContextError && error.code === 'ERR_NOT_PORTABLE';
      if (!isOurs || headers.baggage !== foreign || 'x-request-id' in headers)
        complain('half written', headers, error);
      return headers;
    }
    const read = headers.baggage === undefined ? {} : expectedOf(headers.baggage);
    if (!isDeepStrictEqual(read, values)) complain('written as something else', headers, values);
    if (foreign && !headers.baggage.startsWith(foreign)) complain('the baggage of others is gone', headers);
    return headers;
  });
}

const idUnit = (n) => 'abcdefghijklmnopqrstuvwxyzABC0123456789._-'[n(42)];

// --- ways to spoil it

const { flipBits, truncate, remove, insert, repeatPart, swapParts, splice, join, junk, nest } = mutations;
const common = { flipBits, truncate, remove, insert, repeatPart, swapParts, splice, join, junk, nest };
const PIECES = [
  '%0d%0a',
  '%1b[31m',
  '%00',
  '%7f',
  '%C2%85',
  '%E2%80%A8',
  '%',
  '%4',
  '%zz',
  '%C3',
  '%C0%AF',
].concat([
  '%ED%A0%80',
  '%FF',
  '=',
  ';',
  ',',
  ',,',
  '"',
  '\\',
  ' ',
  '\t',
  '\r\n',
  '\0',
  '\xfc',
  '\u2028',
  '%25',
  '%2C',
  '%3D',
]);
const escaped = (unit) => `%${unit.charCodeAt(0).toString(16).padStart(2, '0').slice(-2)}`;

const own = {
  putPiece(_, text) {
    const at = below(text.length + 1);
    return text.slice(0, at) + oneOf(PIECES) + text.slice(at);
  },
  escapeUnit(_, text) {
    const at = below(text.length);
    return text.slice(0, at) + escaped(text[at] ?? 'x') + text.slice(at + 1);
  },
  unescape: (_, text) => unescape(text),
  sayTwice: (_, text) => `${text},${oneOf(text.split(','))}`,
  sayOtherwise: (_, text) =>
    oneOf([`${text},tenant=victim`, `tenant=victim,${text}`, `${text},%74enant=victim`]),
  spoilValue: (_, text) =>
    text.replace(/(limit|dryRun)=[^,;]*/, `$1=${oneOf(['01', 'NaN', '1e1', 'True', '', '0x1', '+1'])}`),
  pollute: (_, text) =>
    oneOf([
      `__proto__=1,${text}`,
      `${text},__proto__=x`,
      `%5F_proto__=1,${text}`,
      `constructor=1,${text}`,
      `${text},toString=1`,
    ]),
  grow: (_, text) =>
    oneOf([
      () => `${text},big=${'x'.repeat(below(400))}`,
      () => text + Array.from({ length: below(80) }, (_, i) => `,k${i}=v`).join(''),
      () => text + `,k=${'x'.repeat(200)}`.repeat(below(50)),
      () => `${text},${'%C3%BC'.repeat(below(60))}=1`,
    ])(),
  space: (_, text) =>
    text.replaceAll(oneOf([',', '=', ';']), (unit) => oneOf([` ${unit}`, `${unit}\t`, ` ${unit} `])),
  addMetadata: (_, text) => text + oneOf([';a', ';a=1', '; a = 1 ;b', ';', ';=', ';;', ';a b', ';a="1"']),
};
const ways = Object.entries({ ...common, ...own });
const recent = ['tenant=acme,limit=3'];

function spoil(text) {
  const [name, mutate] = oneOf(ways);
  const once = mutate(random, text || 'x', oneOf(recent) || 'x');
  return chance(0.2) ? [name, oneOf(ways)[1](random, once || 'x', text || 'x')] : [name, once];
}

/** Of what kind, and the headers of a request. */
function randomHeaders() {
  const share = random.number();
  const good = written();
  if (good.baggage !== undefined) recent[below(recent.length < 500 ? recent.push('') : 500)] = good.baggage;
  const ids = { 'x-request-id': good['x-request-id'] ?? 'x', 'x-correlation-id': random.text(20, idUnit) };
  if (chance(0.5)) ids['x-request-id'] = spoil(ids['x-request-id'])[1];
  if (share < 0.2) return ['good', { ...good, ...ids }];
  if (share < 0.22) return ['giant', { ...ids, baggage: oneOf(giants) }];
  if (share < 0.24) return ['several', { ...ids, baggage: [oneOf(recent), oneOf(recent)] }];
  if (share < 0.25) return ['none', ids];
  const [name, baggage] = spoil(good.baggage ?? oneOf(recent));
  return [name, { ...ids, baggage }];
}

// --- the run

const refusalMs = new Float64Array(count);
const prototypeBefore = Reflect.ownKeys(Object.prototype);
const valuesIn = (get) =>
  Object.fromEntries(
    variables.map((variable) => [variable.name, get(variable)]).filter(([, value]) => value !== undefined),
  );

function checkAccepted(headers, trusted, expected) {
  runUnitOfWork({ kind: 'soak' }, () => {
    const rules = variables.map((variable) => ({ variable, from: () => trusted }));
    const before = performance.now();
    const { refused, variables: set } = acceptHttpContext({ headers }, rules);
    if (refused !== undefined) refusalMs[totals.refused++] = performance.now() - before;
    else totals.taken += 1;
    const values = valuesIn((variable) => variable.get(undefined));
    if (expected === undefined && refused === undefined) complain('a bad one was taken', headers, values);
    if (expected !== undefined && refused !== undefined) complain('a good one was refused', headers, refused);
    if (!isDeepStrictEqual(values, expected ?? {})) complain('other values', headers, values);
    if (set.length !== Object.keys(values).length) complain('other names', headers, set);
  });
}

function checkExtracted(headers, trusted, expected) {
  const accept = variables.map((variable) => ({ variable, from: () => trusted }));
  const context = extractHttpContext({ headers }, { accept });
  const values = valuesIn((variable) => context.get(variable));
  if (!isDeepStrictEqual(values, expected ?? {})) complain('other values extracted', headers, values);
  runUnitOfWork({ kind: 'soak', id: 'unit', context }, () => {
    const id = idOf(headers['x-request-id']) ?? 'unit';
    const correlation = idOf(headers['x-correlation-id']) ?? id;
    if (id !== 'unit') totals.ids += 1;
    if (currentRequestId() !== id || currentCorrelationId() !== correlation)
      complain('another id', headers, [currentRequestId(), currentCorrelationId()]);
  });
}

const started = process.hrtime.bigint();
for (let i = 0; i < count; i++) {
  // So that what is unhandled is seen.
  if (i % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  const [kind, headers] = randomHeaders();
  kinds[kind] = (kinds[kind] ?? 0) + 1;
  const trusted = chance(0.95);
  const baggage = Array.isArray(headers.baggage) ? headers.baggage.join(', ') : headers.baggage;
  const expected = trusted && baggage !== undefined ? expectedOf(baggage) : {};
  try {
    checkAccepted(headers, trusted, expected);
    checkExtracted(headers, trusted, expected);
  } catch (error) {
    complain('a crash', headers, error);
  }
  if ({}.value !== undefined || {}.victim !== undefined) complain('a prototype was changed', headers);
}
const seconds = Number(process.hrtime.bigint() - started) / 1e9;

// --- what came of it

const sorted = refusalMs.subarray(0, totals.refused).sort();
const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const p99 = at(0.99);
const listed = Object.entries(kinds).map(([kind, n]) => `${kind} ${n}`);
console.log(`kinds: ${listed.join(', ')}`);
console.log(
  `taken ${totals.taken}, refused ${totals.refused}, ids taken ${totals.ids}, not written ${totals.notWritten}, ${seconds.toFixed(0)} s`,
);
console.log(
  `a refusal: median ${at(0.5).toFixed(4)} ms, p99 ${p99.toFixed(4)} ms, p99.9 ${at(0.999).toFixed(4)} ms, slowest ${at(1).toFixed(2)} ms`,
);
console.log(`wrong: ${totals.wrong}`);
if (args.record) {
  const isEnough = totals.taken > count / 20 && totals.ids > count / 20;
  const figures = {
    headers: count,
    taken: totals.taken,
    'ids taken': totals.ids,
    refused: totals.refused,
    'ms of a refusal, p99': Number(p99.toFixed(4)),
    wrong: totals.wrong,
  };
  record('headers', {
    passed: isEnough && p99 < limitMs && totals.wrong === 0,
    seed: Number(args.seed),
    figures,
  });
}
assert.deepEqual(Reflect.ownKeys(Object.prototype), prototypeBefore, 'Object.prototype was changed');
assert.ok(totals.taken > count / 20 && totals.ids > count / 20, 'too few good ones to mean anything');
assert.ok(p99 < limitMs, `refusing takes ${p99} ms at the 99th percentile, and may take ${limitMs}`);
if (totals.wrong > 0) process.exit(1);
