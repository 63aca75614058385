// The functions that the tests call in a worker thread. As an application's would, it loads the built package. In CommonJS,
// because threads are ended here while they start: on Node 20 and 22 one that is terminated while it loads an ES module
// takes the whole process with it (FATAL ERROR: v8::Module::IsGraphAsync).

const { setTimeout: sleep } = require('node:timers/promises');
const { threadId } = require('node:worker_threads');
const { ContextError, currentCorrelationId, currentUnit, ScopedValue } = require('nestjs-contextvars/core');
const { withWorkerContext } = require('nestjs-contextvars/worker');
const { move, workerData } = require('piscina');
const { limit, plain, tenant } = require('./variables.cjs');

const role = new ScopedValue('role');

const read = (payload) => ({
  payload,
  tenant: tenant.get(null),
  limit: limit.get(null),
  plain: plain.get(null),
  role: role.get(null),
});

const whatIsRead = withWorkerContext(read);

const later = withWorkerContext(async (payload) => {
  const before = read(payload);
  await sleep(payload.ms);
  return [before, read(payload)];
});

let timerBefore;
/** Sets the variable, leaves a timer behind, and tells what the timer of the call before has read. */
const leaveBehind = withWorkerContext(async (value) => {
  const found = tenant.get(null);
  tenant.set(value);
  const earlier = timerBefore;
  timerBefore = new Promise((resolve) => {
    setTimeout(() => resolve(tenant.get(null)), 20);
  });
  return { found, now: tenant.get(), earlier: await earlier };
});

const units = [];
const unit = withWorkerContext(() => {
  const current = currentUnit();
  units.push(current);
  return {
    id: current.id,
    kind: current.kind,
    endedBefore: units.slice(0, -1).map(({ ended }) => ended),
    correlationId: currentCorrelationId(),
  };
});

const count = withWorkerContext((counter) => Atomics.add(counter, 0, 1) + 1);

const data = withWorkerContext(() => workerData);

const thread = withWorkerContext(() => threadId);

const sleeping = withWorkerContext(async (ms) => {
  await sleep(ms);
  return threadId;
});

const spin = withWorkerContext((started) => {
  Atomics.store(started, 0, 1);
  Atomics.notify(started, 0);
  for (;;);
});

const announce = withWorkerContext((started) => {
  Atomics.store(started, 0, 1);
  return 'an answer';
});

/** Answers, and ends the idle thread a little later. */
const throwAfterwards = withWorkerContext(() => {
  setTimeout(() => {
    throw new Error('left running');
  });
});

const exit = withWorkerContext((code) => process.exit(code));

const throwLater = withWorkerContext(() => {
  setTimeout(() => {
    throw Object.assign(new TypeError('in a timer'), { code: 'E_TIMER' });
  });
  return new Promise(() => {});
});

const outOfMemory = withWorkerContext(() => {
  const kept = [];
  for (;;) kept.push(new Array(100_000).fill({}));
});

class Declined extends Error {
  name = 'Declined';
  constructor(message, options) {
    super(message, options);
    this.code = 'E_DECLINED';
    this.details = { amount: 3 };
    this.retry = () => {};
  }
}

const failures = {
  declined: () => {
    throw new Declined('no money', { cause: new RangeError('below zero') });
  },
  unset: () => {
    throw new ContextError('ERR_VAR_UNSET', 'of the worker');
  },
  type: () => null.anything,
  node: () => Buffer.alloc('x'),
  aggregate: () => Promise.any([Promise.reject(new TypeError('one')), Promise.reject(new Error('two'))]),
  dom: () => AbortSignal.abort().throwIfAborted(),
  text: () => {
    throw 'a text';
  },
  fn: () => {
    throw () => {};
  },
  undefined: () => {
    throw undefined;
  },
  circle: () => {
    const error = new Error('in a circle');
    error.cause = error;
    throw error;
  },
  hostile: () => {
    throw Object.defineProperty(new Error('x'), 'message', {
      get() {
        throw new Error('not readable');
      },
    });
  },
};
const fail = withWorkerContext((how) => failures[how]());
const failLater = withWorkerContext(async (how) => {
  await sleep(1);
  return failures[how]();
});

class Money {
  #cents = 5;
  currency = 'EUR';
  get cents() {
    return this.#cents;
  }
}
const answers = {
  fn: () => ({ order: { total: () => 1 } }),
  promise: () => ({ lines: [1, Promise.resolve(2)] }),
  // deeper than anyone looks
  deep: () => [...new Array(5000).fill(0), () => {}],
  money: () => new Money(),
};
const answer = withWorkerContext((what) => answers[what]());

const moved = withWorkerContext((bytes) => {
  bytes[0] += 1;
  return move(bytes);
});

const notWrapped = () => 'as it is';

module.exports = whatIsRead;
Object.assign(module.exports, {
  later,
  leaveBehind,
  unit,
  count,
  data,
  thread,
  sleeping,
  spin,
  announce,
  throwAfterwards,
  exit,
  throwLater,
  outOfMemory,
  fail,
  failLater,
  answer,
  moved,
  notWrapped,
});
