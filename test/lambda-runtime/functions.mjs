// The functions that run.mjs has AWS's runtime interface client call. Each gives what it saw.

import { setImmediate as macrotask, setTimeout as wait } from 'node:timers/promises';
import middy from '@middy/core';
import { ContextVar, currentCorrelationId, currentRequestId, currentUnit } from 'nestjs-contextvars/core';
import {
  appendKeys,
  lambdaContext,
  lambdaInvocation,
  logKeys,
  processSqsBatch,
  withLambdaContext,
} from 'nestjs-contextvars/lambda';

const tenant = new ContextVar('tenant');

/** What work that was left running has seen since: the runtime's process is kept, and so is this. */
const later = [];

function begin(event) {
  const before = [tenant.get('none'), logKeys().order ?? 'none'];
  tenant.set(event.name);
  appendKeys({ order: event.name });
  return before;
}

const known = () => [tenant.get('none'), logKeys().order, logKeys().function_request_id, currentRequestId()];

/** Leaves an interval behind that goes on during the next invocations. */
function leave(event) {
  if (!event.leaves) return;
  let ticks = 0;
  const timer = setInterval(() => {
    later.push([event.name, ...known()]);
    ticks += 1;
    if (ticks === 20) clearInterval(timer);
  }, 1).unref();
}

/** Notes when the unit has ended, for the next invocation to tell. */
const ended = [];
const options = {
  onEnd: async ({ requestId }, { outcome }) => {
    await wait(5);
    ended.push(`${outcome} ${requestId}`);
  },
};

async function work(event) {
  const before = begin(event);
  leave(event);
  await macrotask();
  if (event.fails) throw new RangeError(event.name);
  const { functionName, functionVersion, coldStart } = lambdaInvocation();
  return {
    before,
    known: known(),
    correlationId: currentCorrelationId(),
    unit: currentUnit().id,
    info: [functionName, functionVersion, coldStart],
    left: lambdaInvocation().getRemainingTimeInMillis(),
    ended: ended.splice(0),
    later: later.splice(0),
  };
}

export const asynchronous = withLambdaContext(work, options);

export const callback = withLambdaContext((event, _context, done) => {
  work(event).then((value) => done(null, value), done);
}, options);

/** Calls back only if told to: the runtime answers with null when nothing is left to do. */
export const silent = withLambdaContext((event, _context, done) => {
  const before = begin(event);
  if (event.tells) done(null, { before, later: later.splice(0) });
  else setTimeout(() => later.push([event.name, ...known()]), 20);
});

export const late = withLambdaContext(
  async () => {
    const { signal } = currentUnit();
    // Something to wait for, without which the runtime would not: no timer of the library keeps the process busy.
    const busy = setInterval(() => {}, 1_000);
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    clearInterval(busy);
    return { reason: signal.reason.name, inTime: lambdaInvocation().getRemainingTimeInMillis() > 0 };
  },
  { abortBeforeTimeoutMs: 500 },
);

export const chain = withLambdaContext(middy())
  .before(({ event }) => void begin(event))
  .use(lambdaContext({ correlationId: { path: 'detail.trace' } }))
  .handler(async (_event, _context) => ({ known: known(), correlationId: currentCorrelationId() }));

export const batch = withLambdaContext((event) =>
  processSqsBatch(
    event,
    async (record) => {
      await macrotask();
      if (currentCorrelationId() === 'c-2') throw new Error(record.body);
    },
    { onError: () => {} },
  ),
);

const stream = async (event, responseStream, _context) => {
  const before = begin(event);
  responseStream.write(JSON.stringify({ before }));
  // Not awaited: the unit is to wait for the end of the stream.
  wait(10).then(() => {
    responseStream.end(JSON.stringify({ known: known(), open: !currentUnit().ended }));
  });
  if (event.fails) throw new RangeError(event.name);
};
const { streamifyResponse } = globalThis.awslambda;
export const streamOutside = withLambdaContext(streamifyResponse((...args) => stream(...args)));
export const streamInside = streamifyResponse(withLambdaContext(stream));
