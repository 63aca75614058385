// One worker process of jobs.mjs. Tells its parent of every job that it has run what was wrong with its context.
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'bullmq';
import { contextTelemetry } from 'nestjs-contextvars/bullmq';
import { currentCorrelationId, currentUnit, gather } from 'nestjs-contextvars/core';
import { caller, local, locale, number, role, signing } from './jobs.variables.mjs';

const [queueName, port] = process.argv.slice(2);

/** What is there of the context. */
const seen = () => ({
  caller: caller.get(null)?.id ?? null,
  name: caller.get(null)?.name ?? null,
  number: number.get(null),
  locale: locale.get(null),
  conversation: caller.get(null) === null ? null : currentCorrelationId(),
  local: local.get(null),
  role: role.get(null),
});

async function work(job) {
  const { expected } = job.data;
  const wrong = [];
  const units = new Set();
  const check = (where) => {
    units.add(currentUnit()?.id);
    const found = seen();
    for (const key of Object.keys(found)) {
      if (found[key] !== expected[key]) wrong.push(`${where}: ${key} is ${found[key]}, not ${expected[key]}`);
    }
  };
  check('at the start');
  await sleep(Math.random() * 4);
  check('after an await');
  await gather([async () => check('in a branch'), () => sleep(1).then(() => check('in a branch, later'))]);
  setTimeout(() => {
    if (caller.get(null)?.id === 'spoilt') return;
    process.send({ id: job.id, wrong: ['a timer left behind reads another context'] });
  }, Math.random() * 50);
  // Whoever gets to see these is in the context of somebody else.
  caller.set({ id: 'spoilt', name: 'spoilt' });
  number.set(-1);
  locale.set('spoilt');
  local.set('spoilt');
  role.bind('spoilt');
  if (units.size !== 1) wrong.push('it was in several units of work');
  process.send({ id: job.id, attempt: job.attemptsStarted, wrong });
  return wrong.length === 0;
}

const worker = new Worker(queueName, work, {
  connection: { host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null, retryStrategy: () => 50 },
  telemetry: contextTelemetry(undefined, signing),
  concurrency: 8,
  // Soon, because Redis goes away again and again; in milliseconds.
  lockDuration: 3_000,
  stalledInterval: 1_000,
  runRetryDelay: 100,
  maxStalledCount: 1_000,
});
// Redis is killed ten times under it.
worker.on('error', () => {});
worker.on('failed', (job, error) => process.send({ id: job?.id, wrong: [`it failed: ${error.message}`] }));
await worker.waitUntilReady();
process.send({ ready: true });

process.on('message', async () => {
  await worker.close();
  process.exit();
});
process.on('disconnect', () => process.exit(1));
