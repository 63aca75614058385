// The worker file of workers.mjs. In CommonJS, because threads are killed while they start: on Node 20 and 22 one that is
// terminated while it loads an ES module takes the whole process with it (FATAL ERROR: v8::Module::IsGraphAsync).

const { setTimeout: sleep } = require('node:timers/promises');
const { threadId } = require('node:worker_threads');
const { ContextVar, codecs } = require('nestjs-contextvars/core');
const { withWorkerContext } = require('nestjs-contextvars/worker');

const tenant = new ContextVar('tenant', { codec: codecs.string });
const user = new ContextVar('user', { codec: codecs.number });

const read = () => [tenant.get(null), user.get(null)];

const waysToDie = {
  exit: (dying) => {
    dying();
    process.exit(3);
  },
  throw: (dying) => {
    setTimeout(() => {
      dying();
      throw new Error('uncaught');
    });
    return sleep(60_000);
  },
  memory: (dying) => {
    const kept = [];
    for (;;) {
      dying();
      kept.push(new Array(100_000).fill({}));
    }
  },
};

/** Tells what it reads of the variables: at first, after an await, and, by way of `late`, in what it leaves running. */
module.exports = withWorkerContext(async ({ slot, threads, diedAt, late, ms, die }) => {
  Atomics.store(threads, slot, threadId);
  const before = read();
  if (die !== undefined) {
    await waysToDie[die](() => {
      diedAt[threadId] = Date.now();
    });
  }
  if (ms > 0) await sleep(ms);
  else await null;
  const own = JSON.stringify(before);
  setTimeout(() => {
    if (JSON.stringify(read()) !== own) Atomics.add(late, 0, 1);
  });
  return { before, after: read() };
});
