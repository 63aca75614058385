// 10,000 jobs of 100 callers, worked off by 4 processes, on a Redis that is killed and started again ten times meanwhile:
// every job that runs has to see exactly the carrier that it was added with, and none may be lost.
//
//   npm run build && node test/soak/jobs.mjs [--jobs 10000] [--callers 100] [--workers 4] [--restarts 10] [--seed 1]
//                                            [--limit 600] [--record]
//
// The Redis is its own (`redis-server`, append-only file, fsync always). A job may run twice: BullMQ gives one whose worker
// cannot renew its lock to another worker.

import { fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Queue } from 'bullmq';
import { contextTelemetry } from 'nestjs-contextvars/bullmq';
import { currentCorrelationId, runUnitOfWork } from 'nestjs-contextvars/core';
import { record } from '../support/record.mjs';
import { caller, local, locale, number, role, signing } from './jobs.variables.mjs';

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '10000' },
    callers: { type: 'string', default: '100' },
    workers: { type: 'string', default: '4' },
    restarts: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    limit: { type: 'string', default: '600' },
    record: { type: 'boolean', default: false },
  },
});
const [jobs, callers, workers, restarts, seed, limit] = [
  values.jobs,
  values.callers,
  values.workers,
  values.restarts,
  values.seed,
  values.limit,
].map(Number);

if (spawnSync('redis-server', ['--version']).error !== undefined) {
  console.log('skipped: redis-server is not installed; with it, run node test/soak/jobs.mjs');
  process.exit(0);
}

const QUEUE = 'soak';
const random = mulberry32(seed);
const started = performance.now();
const folder = await mkdtemp(join(tmpdir(), 'jobs-soak-'));
const port = await freePort();
let redis;
let processes = [];

const deadline = setTimeout(() => {
  report();
  stop(`the limit of ${limit} s was reached`);
}, limit * 1000);

/** By the id of each job: how often it ran. */
const runs = new Map();
const wrong = [];
let acknowledged = 0;
let retriedAdds = 0;
let restarted = 0;

redis = await startRedis();
processes = await startWorkers();
const queue = new Queue(QUEUE, {
  connection: { host: '127.0.0.1', port, maxRetriesPerRequest: 1, retryStrategy: () => 50 },
  telemetry: contextTelemetry(undefined, signing),
});
queue.on('error', () => {});

const restarting = restartAgainAndAgain();
await Promise.all(Array.from({ length: callers }, (_, id) => call(id)));
await restarting;
await allSettled();
const states = await statesOfAll();
for (const worker of processes) worker.send('close');
await Promise.all(processes.map((worker) => once(worker, 'exit')));
await queue.close();
clearTimeout(deadline);
finish();

/** Adds the jobs of one caller, one after the other, each in a unit of work of its own; one caller has no context. */
async function call(id) {
  for (let n = id; n < jobs; n += callers) {
    const expected = {
      caller: null,
      name: null,
      number: null,
      locale: null,
      conversation: null,
      local: null,
      role: null,
    };
    if (id === callers - 1) {
      await addUntilAcknowledged(n, expected);
      continue;
    }
    await runUnitOfWork({ kind: 'request' }, async () => {
      const name = `caller ${id} ✓`;
      caller.set({ id, name });
      number.set(n);
      local.set('stays here');
      role.bind('clerk');
      Object.assign(expected, { caller: id, name, number: n, conversation: currentCorrelationId() });
      const add = () => role.run('admin', () => addUntilAcknowledged(n, expected));
      if (n % 3 > 0) return add();
      expected.locale = `locale of ${n}`;
      return locale.run(expected.locale, add);
    });
  }
}

/** The id makes it the same job however often it is added: an answer may get lost after Redis has written it. */
async function addUntilAcknowledged(n, expected) {
  for (;;) {
    try {
      await queue.add('work', { expected }, { jobId: `job-${n}` });
      acknowledged += 1;
      return;
    } catch {
      retriedAdds += 1;
      await sleep(20);
    }
  }
}

/** At even distances of progress, so that they hit adding and working off alike. */
async function restartAgainAndAgain() {
  for (let i = 0; i < restarts; i++) {
    const share = (i + 0.3 + random() * 0.6) / restarts;
    while (runs.size < jobs * share) await sleep(5);
    redis.kill('SIGKILL');
    await once(redis, 'exit');
    await sleep(random() * 300);
    redis = await startRedis();
    restarted += 1;
  }
}

async function startRedis() {
  const server = spawn(
    'redis-server',
    [
      '--port',
      port,
      '--bind',
      '127.0.0.1',
      '--dir',
      folder,
      '--save',
      '',
      '--appendonly',
      'yes',
      '--appendfsync',
      'always',
    ].map(String),
    { stdio: 'ignore' },
  );
  while (!(await answersPing())) await sleep(20);
  return server;
}

/** Not by connecting alone: it loads its file first. */
async function answersPing() {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.write('PING\r\n');
    const [answer] = await once(socket, 'data');
    return String(answer).startsWith('+PONG');
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function startWorkers() {
  const file = fileURLToPath(new URL('jobs.worker.mjs', import.meta.url));
  return Promise.all(
    Array.from({ length: workers }, async () => {
      const worker = fork(file, [QUEUE, String(port)]);
      await once(worker, 'message');
      worker.on('message', heard);
      worker.on('exit', (code) => code && stop(`a worker ended with exit code ${code}`));
      return worker;
    }),
  );
}

function heard({ id, attempt, wrong: problems }) {
  if (attempt !== undefined) runs.set(id, (runs.get(id) ?? 0) + 1);
  for (const problem of problems) wrong.push(`${id}: ${problem}`);
}

async function allSettled() {
  for (;;) {
    const settled = await queue.getJobCountByTypes('completed', 'failed').catch(() => 0);
    if (settled >= jobs) return;
    await sleep(100);
  }
}

/** What the queue itself says of every job that was acknowledged. */
async function statesOfAll() {
  const count = { completed: 0, lost: 0, otherwise: 0 };
  for (let n = 0; n < jobs; n++) {
    const job = await queue.getJob(`job-${n}`);
    if (job === undefined) count.lost += 1;
    else if (job.finishedOn && job.returnvalue === true) count.completed += 1;
    else count.otherwise += 1;
  }
  return count;
}

function report() {
  const twice = [...runs.values()].filter((times) => times > 1).length;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `node ${process.version}, seed ${seed}: ${jobs} jobs of ${callers} callers, ${workers} worker processes, ` +
      `Redis killed and started again ${restarted} times, ${seconds} s`,
  );
  console.log(`acknowledged ${acknowledged}, adds tried again ${retriedAdds}`);
  console.log(`ran ${runs.size}, of which more than once ${twice}`);
  console.log(`contexts that were not exactly the job's own: ${wrong.length}`);
  for (const problem of wrong.slice(0, 20)) console.log(`  ${problem}`);
}

function finish() {
  report();
  console.log(
    `in the queue: completed ${states.completed}, lost ${states.lost}, otherwise ${states.otherwise}`,
  );
  const holds =
    states.completed === jobs &&
    acknowledged === jobs &&
    runs.size === jobs &&
    restarted === restarts &&
    wrong.length === 0;
  if (values.record) {
    const figures = {
      jobs,
      callers,
      'restarts of Redis': restarted,
      completed: states.completed,
      lost: states.lost,
      'contexts that were not its own': wrong.length,
    };
    record('jobs', { passed: holds, seed, figures });
  }
  stop(holds ? undefined : 'that is not what was promised');
}

/** Ends everything that was started here. */
async function stop(problem) {
  clearTimeout(deadline);
  for (const worker of processes) worker.removeAllListeners('exit').kill('SIGKILL');
  redis?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
  console.log(problem === undefined ? 'holds' : `does not hold: ${problem}`);
  process.exit(problem === undefined ? 0 : 1);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address();
  server.close();
  await once(server, 'close');
  return free;
}

function mulberry32(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
