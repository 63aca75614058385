// Prints the CPU time that a job takes in a process which adds it and works it off, in µs.

import { once } from 'node:events';
import { Queue, Worker } from 'bullmq';

const [port, subject] = process.argv.slice(2);
/** A process that has done fewer spends most of its time on compiling. */
const WARM_UP_JOBS = 2500;
const JOBS = 1000;
const AT_ONCE = 20;

const { ContextVar, codecs, runUnitOfWork } = await import('nestjs-contextvars/core');
const variables = ['tenant', 'user', 'locale'].map((name) => new ContextVar(name, { codec: codecs.string }));
const { contextTelemetry } = await import('nestjs-contextvars/bullmq');
/** What BullMQ does for any telemetry is a part of what one costs. */
const idleSpan = {
  setSpanOnContext: (scope) => scope,
  addEvent() {},
  setAttribute() {},
  setAttributes() {},
  recordException() {},
  end() {},
};
const idle = {
  tracer: { startSpan: () => idleSpan },
  contextManager: {
    with: (_scope, fn) => fn(),
    active: () => ({}),
    getMetadata: () => '',
    fromMetadata: (scope) => scope,
  },
};
const telemetries = {
  'BullMQ alone': undefined,
  'a telemetry that does nothing': idle,
  'nestjs-contextvars': contextTelemetry(),
};
const options = {
  connection: { host: '127.0.0.1', port: Number(port) },
  telemetry: telemetries[subject],
};
const name = `bench-${process.pid}`;
const queue = new Queue(name, options);
let left = 0;
const worker = new Worker(name, async () => {}, { ...options, concurrency: AT_ONCE });
worker.on('completed', () => {
  left -= 1;
  if (left === 0) worker.emit('all done');
});
await worker.waitUntilReady();

async function work(jobs) {
  left = jobs;
  const done = once(worker, 'all done');
  await runUnitOfWork({ kind: 'bench' }, async () => {
    for (const variable of variables) variable.set(`the value of ${variable.name}`);
    for (let i = 0; i < jobs; i += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, () => queue.add('write', { order: i })));
  });
  await done;
}

await work(WARM_UP_JOBS);
const before = process.cpuUsage();
await work(JOBS);
const { user, system } = process.cpuUsage(before);
console.log((user + system) / JOBS);
process.exit();
