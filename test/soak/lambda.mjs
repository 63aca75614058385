// Invocations of one warm process, most alone and some at once, by handlers of every shape, of which a tenth leave timers,
// promises and tasks behind that go on during later ones. Each must start empty, none may see another's
// context, and cold start is true for one.
//
//   npm run build && node test/soak/lambda.mjs [--invocations 10000] [--seed 1] [--record]

import { PassThrough } from 'node:stream';
import { setImmediate as macrotask, setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import middy from '@middy/core';
import { ContextVar, createTask, currentRequestId, currentUnit, ScopedValue } from 'nestjs-contextvars/core';
import { appendKeys, lambdaInvocation, logKeys, withLambdaContext } from 'nestjs-contextvars/lambda';
import { record } from '../support/record.mjs';

const { values } = parseArgs({
  options: {
    invocations: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    record: { type: 'boolean', default: false },
  },
});
const INVOCATIONS = Number(values.invocations);
const seed = Number(values.seed);
const MOST_AT_ONCE = 20;

// mulberry32
let state = seed;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const below = (n) => Math.floor(random() * n);
const oneOf = (list) => list[below(list.length)];

const tenant = new ContextVar('tenant');
const role = new ScopedValue('role');

const count = {
  started: 0,
  alone: 0,
  atOnce: 0,
  leaving: 0,
  notEmpty: 0,
  foreign: 0,
  readsLater: 0,
  coldStarts: 0,
};
const first = [];
const left = [];
const units = [];

function fault(kind, text) {
  count[kind] += 1;
  if (first.length < 10) first.push(text);
}

/** Everything that may be read in the invocation `name`, now and later. */
function check(name, where) {
  const seen = [
    tenant.get('none'),
    role.get('none'),
    currentRequestId(),
    logKeys().order,
    logKeys().function_request_id,
  ];
  if (seen.some((value) => value !== name)) fault('foreign', `${where} of ${name} sees ${seen.join()}`);
}

function begin(name) {
  count.started += 1;
  const { order } = logKeys();
  const seen = [tenant.get('none'), role.get('none'), order ?? 'none'];
  if (seen.some((value) => value !== 'none')) fault('notEmpty', `${name} starts with ${seen.join()}`);
  if (lambdaInvocation().coldStart) count.coldStarts += 1;
  tenant.set(name);
  role.bind(name);
  appendKeys({ order: name });
  units.push(currentUnit());
  check(name, 'the beginning');
}

/** Starts work that nobody waits for, which goes on for up to 100 ms. */
function leave(name) {
  count.leaving += 1;
  const later = (where) => () => {
    count.readsLater += 1;
    check(name, where);
  };
  left.push(
    wait(below(100)).then(later('a timer')),
    (async () => {
      for (let i = below(50); i >= 0; i--) {
        await macrotask();
        later('a promise')();
      }
    })(),
    createTask(() => wait(below(50)).then(later('a task'))),
    new Promise((resolve) => {
      const interval = setInterval(() => {
        later('an interval')();
        if (random() < 0.2) resolve(clearInterval(interval));
      }, 1 + below(20));
    }),
    new Promise((resolve) => process.nextTick(() => resolve(later('a tick')()))),
  );
}

async function work({ name, leaves }) {
  begin(name);
  if (leaves) leave(name);
  for (let i = below(4); i > 0; i--) await (random() < 0.5 ? macrotask() : wait(below(3)));
  check(name, 'the handler');
  if (random() < 0.05) throw new Error(name);
  return name;
}

const streaming = withLambdaContext(async (event, stream, _context) => {
  stream.end(await work(event));
});
const byPromise = (handler) => (event, context) => handler(event, context, () => {});
const handlers = {
  asynchronous: byPromise(withLambdaContext(work)),
  'with onEnd': byPromise(
    withLambdaContext(work, { onEnd: ({ requestId }) => macrotask().then(() => check(requestId, 'onEnd')) }),
  ),
  'by callback': (event, context) => {
    const handler = withLambdaContext((given, _context, callback) => {
      work(given).then((value) => callback(null, value), callback);
    });
    return new Promise((resolve, reject) => {
      handler(event, context, (error, value) => (error ? reject(error) : resolve(value)));
    });
  },
  streaming: async (event, context) => {
    const stream = new PassThrough();
    const [chunks] = await Promise.all([
      stream.toArray().catch(() => []),
      streaming(event, stream, context).catch((error) => {
        stream.destroy();
        throw error;
      }),
    ]);
    return Buffer.concat(chunks).toString();
  },
  'of middy': byPromise(
    withLambdaContext(middy())
      .before(async () => void (await macrotask()))
      .after(({ event }) => check(event.name, 'a middleware'))
      .onError(({ event }) => check(event.name, 'a middleware'))
      .handler(work),
  ),
};
const shapes = Object.values(handlers);

async function invoke(name) {
  const deadline = Date.now() + 60_000;
  const context = {
    awsRequestId: name,
    functionName: 'soak',
    functionVersion: '1',
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  // A tenth, evenly.
  const leaves = Number(name.slice(1)) % 10 === 0;
  const answer = await oneOf(shapes)({ name, leaves }, context).catch((error) => error.message);
  if (answer !== name) fault('foreign', `${name} is answered with ${answer}`);
}

const start = performance.now();
for (let n = 0; n < INVOCATIONS; ) {
  const many = random() < 0.06 ? 2 + below(MOST_AT_ONCE - 1) : 1;
  const names = Array.from({ length: Math.min(many, INVOCATIONS - n) }, () => `r${n++}`);
  count[names.length > 1 ? 'atOnce' : 'alone'] += names.length;
  await Promise.all(names.map(invoke));
}
await Promise.all(left);
const open = units.filter((unit) => !unit.ended).length;

console.log(
  `node ${process.version} ${process.execArgv.join(' ')}, seed ${seed}, ${Object.keys(handlers).join(', ')}`,
);
console.log({
  ...count,
  unitsLeftOpen: open,
  seconds: Number(((performance.now() - start) / 1000).toFixed(1)),
});
for (const text of first) console.error(text);
const good =
  count.started === INVOCATIONS &&
  count.leaving === Math.ceil(INVOCATIONS / 10) &&
  count.readsLater > count.leaving &&
  count.coldStarts === 1 &&
  count.notEmpty + count.foreign + open === 0;
console.log(good ? 'ok' : 'FAILED');
process.exitCode = good ? 0 : 1;
if (values.record) record('lambda', { passed: good, seed, figures: { ...count, unitsLeftOpen: open } });
