// Calls in worker threads that are killed at random, on the built package (`npm run build`):
//   node test/soak/workers.mjs [--calls 100000] [--kills 1000] [--seed 1] [--record]
// Each caller has variables of its own, and the function tells what it has read of them. Threads are terminated from
// outside, leave by process.exit, die of an uncaught exception or of their memory limit, or go with an aborted call; in
// the first half one call at a time is in a thread, in the second half three are, in a pool that keeps no thread.
//
// Must hold: what a call has read is its caller's (0 crossed); a call rejects within a second of the death of its thread,
// with ERR_WORKER_DIED or the reason of its abortion; none is left pending; afterwards all calls succeed again.

import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ContextVar, codecs, runUnitOfWork } from 'nestjs-contextvars/core';
import { runInWorker } from 'nestjs-contextvars/worker';
import { Piscina } from 'piscina';
import { record } from '../support/record.mjs';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '100000' },
    kills: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    record: { type: 'boolean', default: false },
  },
});
const [CALLS, KILLS, SEED] = [values.calls, values.kills, values.seed].map(Number);

const CALLERS = 24;
/** The promise that is kept, in ms. */
const LIMIT = 1000;
/** No call takes that long, in ms, unless nobody will ever settle it. */
const HANGS = 60_000;

const tenant = new ContextVar('tenant', { codec: codecs.string });
const user = new ContextVar('user', { codec: codecs.number });

// mulberry32
let state = SEED;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}
const below = (n) => Math.floor(random() * n);

const shared = (Type, length) => new Type(new SharedArrayBuffer(length * Type.BYTES_PER_ELEMENT));
/** By caller: the thread that works on its call, 0 where none has begun to. */
const threads = shared(Int32Array, CALLERS);
/** By thread: when it died or was killed, in ms since 1970. */
const diedAt = shared(Float64Array, 1 << 20);
/** How often something that a call has left running has read another's variables. */
const late = shared(Int32Array, 1);

const counts = { calls: 0, answered: 0, died: 0, aborted: 0, crossed: 0, wrong: 0 };
const killed = { terminate: 0, exit: 0, throw: 0, abort: 0, memory: 0 };
const wrongs = [];
let exits = 0;
let lastKill = 0;
/** From the death of a thread to the rejection of a call that it had, in ms. */
let slowest = 0;
/** From the start of a call until it settled, in ms. */
let longest = 0;

process.on('worker', (thread) => {
  thread.once('exit', () => {
    exits += 1;
  });
});

function wrong(what) {
  counts.wrong += 1;
  if (wrongs.length < 10) wrongs.push(what);
}

function countKill(kind) {
  killed[kind] += 1;
  lastKill = Date.now();
}

/** Ends a thread from outside, a starting one too; gives whether there was one. */
function terminateOne({ threads: alive }) {
  if (alive.length === 0) return false;
  const thread = alive[below(alive.length)];
  diedAt[thread.threadId] ||= Date.now();
  void thread.terminate();
  return true;
}

/** Aborts the call of `slot`, mostly when a thread has begun it. */
async function abortWhenBegun(slot, call, abort) {
  const early = random() < 0.3;
  while (!early && threads[slot] === 0 && !call.settled) await setImmediate();
  call.abortedAt = Date.now();
  abort();
}

/** One call of the caller `slot`, with a kill where one is due. */
async function callOnce(pool, slot, kill) {
  const i = counts.calls++;
  const own = [random() < 0.2 ? null : `tenant ${i}`, random() < 0.2 ? null : i];
  const die = Object.hasOwn(waysInside, kill ?? '') ? kill : undefined;
  // A call that is to be aborted mostly stays until it is; else the abortion crosses with its answer.
  const crosses = kill === 'abort' && random() < 0.3;
  const ms = kill === 'abort' && !crosses ? 2 * HANGS : random() < 0.1 ? below(4) : 0;
  const reason = new Error(`call ${i} is not wanted any more`);
  const controller = new AbortController();
  const options = kill === 'abort' ? { signal: controller.signal } : {};
  const call = { settled: false, abortedAt: 0 };
  threads[slot] = 0;
  const began = Date.now();
  const pending = runUnitOfWork({ kind: 'soak' }, async () => {
    if (own[0] !== null) tenant.set(own[0]);
    if (own[1] !== null) user.set(own[1]);
    const answer = await runInWorker(pool, { slot, threads, diedAt, late, ms, die }, options);
    if (tenant.get(null) !== own[0]) wrong(`call ${i} goes on in another context`);
    return answer;
  });
  if (kill === 'abort') void abortWhenBegun(slot, call, () => controller.abort(reason));
  const hung = setTimeout(() => {
    wrong(`call ${i} is still pending after ${HANGS} ms`);
    finish();
  }, HANGS);
  try {
    const { before, after } = await pending;
    counts.answered += 1;
    for (const seen of [before, after]) if (JSON.stringify(seen) !== JSON.stringify(own)) counts.crossed += 1;
    if (die !== undefined || (kill === 'abort' && !crosses))
      wrong(`call ${i} was to end by ${kill} and was answered`);
  } catch (error) {
    if (error === reason) counts.aborted += 1;
    else if (error?.code === 'ERR_WORKER_DIED') counts.died += 1;
    else wrong(`call ${i}: ${error?.stack ?? error}`);
    // One that had not begun was with a thread that died, whichever.
    const death = error === reason ? call.abortedAt : diedAt[threads[slot]] || lastKill;
    slowest = Math.max(slowest, Date.now() - death);
  } finally {
    call.settled = true;
    clearTimeout(hung);
    longest = Math.max(longest, Date.now() - began);
  }
}

const waysInside = { exit: 0.15, throw: 0.15, memory: 0.02 };

function chooseKill() {
  let at = random();
  for (const [kind, share] of Object.entries({ ...waysInside, abort: 0.08 })) {
    at -= share;
    if (at < 0) return kind;
  }
  return 'terminate';
}

/** Calls until there were `calls` of them, and `kills` threads are gone. */
async function phase(pool, calls, kills) {
  const [from, gone] = [counts.calls, exits];
  let issued = 0;
  const caller = async (slot) => {
    while (counts.calls - from < calls || exits - gone < kills) {
      const due = ((counts.calls - from) / calls) * kills;
      let kill;
      if (issued < due) {
        issued += 1;
        kill = chooseKill();
        if (kill === 'terminate' && !terminateOne(pool)) kill = 'exit';
        countKill(kill);
      }
      await callOnce(pool, slot, kill);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, (_, slot) => caller(slot)));
}

function finish() {
  const failed = {
    crossed: counts.crossed + late[0] > 0,
    wrong: counts.wrong > 0,
    slow: slowest > LIMIT,
    'too few kills': exits < KILLS,
  };
  console.log(`node ${process.version} ${process.execArgv.join(' ')}, seed ${SEED}, ${seconds()} s`);
  console.table({ ...counts, 'threads that died': exits, 'read wrongly later': late[0] });
  console.table({ 'kills by': killed });
  console.log(`death of a thread to the rejection of its calls: at most ${slowest} ms (limit ${LIMIT} ms)`);
  console.log(`start of a call to its end, waiting for a thread included: at most ${longest} ms`);
  for (const what of wrongs) console.log(`WRONG: ${what}`);
  const reasons = Object.entries(failed).flatMap(([why, is]) => (is ? [why] : []));
  console.log(reasons.length === 0 ? 'OK' : `FAILED: ${reasons.join(', ')}`);
  if (values.record) {
    const figures = { ...counts, 'threads that died': exits, 'read wrongly later': late[0] };
    record('workers', { passed: reasons.length === 0, seed: SEED, figures });
  }
  process.exit(reasons.length === 0 ? 0 : 1);
}

const startedAt = Date.now();
const seconds = () => Math.round((Date.now() - startedAt) / 1000);

const poolOptions = {
  filename: `${import.meta.dirname}/workers.worker.cjs`,
  maxThreads: 4,
  idleTimeout: 60_000,
  resourceLimits: { maxOldGenerationSizeMb: 24 },
};
for (const own of [{ minThreads: 2 }, { minThreads: 0, concurrentTasksPerWorker: 3 }]) {
  const pool = new Piscina({ ...poolOptions, ...own });
  // Of an answer that crosses with the abortion of its call.
  pool.on('error', (error) => {
    if (!error.message.startsWith('Unexpected message')) wrong(`the pool: ${error.stack}`);
  });
  await phase(pool, CALLS / 2, KILLS / 2);
  console.log(`${seconds()} s: ${counts.calls} calls, ${exits} threads died`);
  // The pool has recovered: nothing is killed any more, and nothing fails.
  const before = { ...counts };
  await phase(pool, 500, 0);
  if (counts.answered - before.answered !== counts.calls - before.calls) wrong('the pool has not recovered');
  const rest = exits;
  await pool.destroy();
  exits = rest;
}
finish();
