// A million carriers, most of them spoiled: none that is malformed, altered or expired is taken, nothing crashes, and
// a refusal is fast. Works on the built package (`npm run build`).
//
//   node test/soak/carriers.mjs [--count 1000000] [--seed N] [--p99 1] [--record]
//
// What is right is not asked of the code under test: unsigned carriers are read a second time by a parser of its own
// (carriers/oracle.mjs); signed ones are good only if they are, letter for letter, one that was issued, for the
// audience that reads it, by a key that it knows, before it expires. Ends with 1 where anything is wrong; the seed
// that is printed gives the same run again.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { inspect, isDeepStrictEqual, parseArgs } from 'node:util';
import {
  Context,
  ContextError,
  ContextVar,
  codecs,
  extractContext,
  injectContext,
} from 'nestjs-contextvars/core';
import { z } from 'zod';
import { record } from '../support/record.mjs';
import { giants, mutations, noCarriers, noTexts } from './carriers/mutations.mjs';
import { expectedOf } from './carriers/oracle.mjs';
import { anyUnit, randomFrom } from './carriers/random.mjs';

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
console.log(`${count} carriers, seed ${args.seed}, Node ${process.version}`);

// --- what is carried

const tenant = new ContextVar('tenant', { codec: codecs.string });
const limit = new ContextVar('limit', { codec: codecs.number });
const dryRun = new ContextVar('dryRun', { codec: codecs.boolean });
const user = new ContextVar('user', {
  codec: codecs.json(z.object({ id: z.string(), roles: z.array(z.string()) })),
});

const NUMBERS = [0, -0, 1, -1, 0.1, 1e21, 1e-7, 5e-324, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER];

function randomContext() {
  const context = new Context();
  context.run(() => {
    if (chance(0.8)) tenant.set(random.text(30, anyUnit));
    if (chance(0.5)) limit.set(chance(0.5) ? oneOf(NUMBERS) : random.number() * 10 ** below(30));
    if (chance(0.5)) dryRun.set(chance(0.5));
    if (chance(0.5))
      user.set({
        id: random.text(20, anyUnit),
        roles: Array.from({ length: below(4) }, () => random.text(10, anyUnit)),
      });
  });
  return context;
}

function valuesIn(context) {
  return Object.fromEntries([...context].map(([variable, value]) => [variable.name, value]));
}

// --- the clock and the keys

let now = Date.UTC(2026, 0, 1);
Date.now = () => now;

const KEYS = { k1: 'first key '.repeat(4), k2: 'second key '.repeat(4) };
const FORGED = { k1: 'a key of another'.repeat(4), k2: KEYS.k1, k3: KEYS.k1, __proto__x: KEYS.k2 };
const AUDIENCES = [undefined, 'orders', 'mails'];
const HOUR = 3_600_000;

/** All signed ones that are good for somebody: text to what it was issued for. Bounded: the oldest go first. */
const issued = new Map();

function issue() {
  const keyId = oneOf(['k1', 'k2']);
  const audience = oneOf(AUDIENCES);
  const ttlMs = 1 + below(2 * HOUR);
  const context = randomContext();
  const sign = { keyId, key: KEYS[keyId], ttlMs, ...(audience && { audience }) };
  const { contextvars } = injectContext({}, { context, sign });
  if (contextvars === undefined) return undefined;
  if (issued.size > 5_000) issued.delete(issued.keys().next().value);
  issued.set(contextvars, { audience, expires: now + ttlMs, values: valuesIn(context) });
  return contextvars;
}

function forge() {
  const keyId = oneOf(Object.keys(FORGED));
  return injectContext({}, { context: randomContext(), sign: { keyId, key: FORGED[keyId], ttlMs: HOUR } })
    .contextvars;
}

// --- one case: what is read, how, and what has to come of it

const recent = ['{"v":1,"vars":[["tenant","acme"]]}'];

function remember(text) {
  if (text !== undefined) recent[below(recent.length < 500 ? recent.push('') : 500)] = text;
  return text;
}

function good() {
  return remember(chance(0.5) ? injectContext({}, { context: randomContext() }).contextvars : issue());
}

function spoiled() {
  const text = chance(0.5) ? (good() ?? oneOf(recent)) : oneOf(recent);
  let [name, mutate] = oneOf(Object.entries(mutations));
  let spoiledText = mutate(random, text || 'x', oneOf(recent) || 'x');
  if (chance(0.2)) {
    const [second, again] = oneOf(Object.entries(mutations));
    spoiledText = again(random, spoiledText || 'x', text || 'x');
    name = `${name}, ${second}`;
  }
  return [name, spoiledText];
}

/** Of what kind, and the carrier. Another form of carrier (headers, baggage) is another line here. */
function randomCarrier() {
  const share = random.number();
  if (share < 0.15) return ['good', { contextvars: good() }];
  if (share < 0.25)
    return ['replayed', { contextvars: [...issued.keys()][below(Math.min(issued.size, 50))] }];
  if (share < 0.3) return ['forged', { contextvars: forge() }];
  if (share < 0.32) return ['giant', { contextvars: oneOf(giants) }];
  if (share < 0.34) return ['no text', { contextvars: oneOf(noTexts) }];
  if (share < 0.35) return ['no carrier', oneOf(noCarriers)];
  if (share < 0.36)
    return ['inherited', JSON.parse(`{"__proto__":{"contextvars":"x","role":"admin"},"other":1}`)];
  if (share < 0.37) return ['inherited', Object.create({ contextvars: oneOf(recent) })];
  const [name, contextvars] = spoiled();
  return [name, { contextvars }];
}

/** The values that have to come of it; undefined where it has to be refused. */
function expectedFrom(carrier, audience, verifies) {
  if (typeof carrier !== 'object' || carrier === null) return undefined;
  const text = Object.hasOwn(carrier, 'contextvars') ? carrier.contextvars : undefined;
  if (text === undefined) return {};
  if (!verifies) return expectedOf(text);
  const entry = typeof text === 'string' ? issued.get(text) : undefined;
  if (entry === undefined || entry.audience !== audience || now >= entry.expires) return undefined;
  return entry.values;
}

// --- the run

const refusalMs = new Float64Array(count);
const totals = { taken: 0, refused: 0, takenSigned: 0, wrong: 0 };
const kinds = {};
const prototypeBefore = Reflect.ownKeys(Object.prototype);

function complain(what, carrier, detail) {
  totals.wrong += 1;
  if (totals.wrong <= 20) console.error(`WRONG: ${what}`, inspect(carrier).slice(0, 600), detail);
}

process.on('unhandledRejection', (error) => complain('an unhandled rejection', undefined, error));

function check(kind, carrier, options, expected) {
  let context;
  const before = performance.now();
  try {
    context = extractContext(carrier, options);
  } catch (error) {
    refusalMs[totals.refused++] = performance.now() - before;
    if (!(error instanceof ContextError) || error.code !== 'ERR_INVALID_CARRIER')
      complain('a crash', carrier, error);
    else if (expected !== undefined) complain('a good one was refused', carrier, error.message);
    else if (error.cause !== undefined) complain('the content in the error', carrier, error);
    return;
  }
  totals.taken += 1;
  if (options.verify) totals.takenSigned += 1;
  if (expected === undefined) complain(`a bad one was taken (${kind})`, carrier, valuesIn(context));
  else if (!isDeepStrictEqual(valuesIn(context), expected))
    complain('other values', carrier, valuesIn(context));
}

const started = process.hrtime.bigint();
await new Context().run(async () => {
  tenant.set('of whoever reads');
  for (let i = 0; i < count; i++) {
    if (i % 1_000 === 0) {
      // So that some have expired when they are read again, and what is unhandled is seen.
      now += HOUR / 4;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [kind, carrier] = randomCarrier();
    const audience = oneOf(AUDIENCES);
    const verifies = chance(0.5);
    const options = verifies ? { verify: { keys: KEYS, ...(audience && { audience }) } } : {};
    kinds[kind.split(',')[0]] = (kinds[kind.split(',')[0]] ?? 0) + 1;
    check(kind, carrier, options, expectedFrom(carrier, audience, verifies));
    if (tenant.get() !== 'of whoever reads') complain('the context of the reader changed', carrier);
    if ({}.role !== undefined) complain('a prototype was changed', carrier);
  }
});
const seconds = Number(process.hrtime.bigint() - started) / 1e9;

// --- what came of it

const sorted = refusalMs.subarray(0, totals.refused).sort();
const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const p99 = at(0.99);
console.log(
  `kinds: ${Object.entries(kinds)
    .map(([kind, n]) => `${kind} ${n}`)
    .join(', ')}`,
);
console.log(
  `taken ${totals.taken} (${totals.takenSigned} verified), refused ${totals.refused}, ${seconds.toFixed(0)} s`,
);
console.log(
  `a refusal: median ${at(0.5).toFixed(4)} ms, p99 ${p99.toFixed(4)} ms, p99.9 ${at(0.999).toFixed(4)} ms, slowest ${at(1).toFixed(2)} ms`,
);
console.log(`wrong: ${totals.wrong}`);
if (args.record) {
  const isEnough = totals.taken > count / 20 && totals.takenSigned > count / 100;
  const figures = {
    carriers: count,
    taken: totals.taken,
    verified: totals.takenSigned,
    refused: totals.refused,
    'ms of a refusal, p99': Number(p99.toFixed(4)),
    wrong: totals.wrong,
  };
  record('carriers', {
    passed: isEnough && p99 < limitMs && totals.wrong === 0,
    seed: Number(args.seed),
    figures,
  });
}
assert.deepEqual(Reflect.ownKeys(Object.prototype), prototypeBefore, 'Object.prototype was changed');
assert.ok(
  totals.taken > count / 20 && totals.takenSigned > count / 100,
  'too few good ones to mean anything',
);
assert.ok(p99 < limitMs, `refusing takes ${p99} ms at the 99th percentile, and may take ${limitMs}`);
if (totals.wrong > 0) process.exit(1);
