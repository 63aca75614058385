import { setImmediate as macrotask } from 'node:timers/promises';
import { createTask, currentRequestId } from 'nestjs-contextvars/core';
import { lambdaInvocation, processSqsBatch, withLambdaContext } from 'nestjs-contextvars/lambda';
import { stillHeld } from '../../support/collector.js';
import { functionContext, invoke } from './support/runtime.js';

// A warm process keeps what invocations leave running: that must hold neither their events nor the runtime's contexts.

const left: NodeJS.Timeout[] = [];
const seen: unknown[] = [];

/** Apart, so that the function that reads holds nothing of the handler. */
function leaveRunning(): void {
  left.push(
    setInterval(() => seen.push(currentRequestId(), lambdaInvocation().getRemainingTimeInMillis()), 1),
  );
}

afterEach(() => {
  for (const timer of left.splice(0)) clearInterval(timer);
});

/** One invocation, of which nothing is kept here but what tells whether it is kept elsewhere. */
async function invokeOnce(handler: (event: never) => unknown): Promise<WeakRef<object>[]> {
  const event = { Records: [{ messageId: 'm-1' }], payload: new Array(1000).fill('x') };
  const context = functionContext();
  await invoke(handler, event, context);
  return [new WeakRef(event), new WeakRef(context)];
}

test.each<[string, (event: never) => unknown]>([
  ['asynchronous', withLambdaContext(async () => leaveRunning())],
  ['asynchronous, with options', withLambdaContext(async () => leaveRunning(), { onEnd: async () => {} })],
  [
    'with a callback',
    withLambdaContext((_event: never, _context: unknown, callback: () => void) => {
      leaveRunning();
      setImmediate(callback);
    }) as (event: never) => unknown,
  ],
  ['with a task', withLambdaContext(async () => void createTask(async () => leaveRunning()))],
  ['of a batch', withLambdaContext(async (event: never) => processSqsBatch(event, leaveRunning))],
])('work left running by a handler %s holds neither the event nor the context', async (_, handler) => {
  expect(globalThis).toHaveProperty('gc');
  const refs = await invokeOnce(handler);
  await stillHeld(refs);
  seen.length = 0;
  while (seen.length === 0) await macrotask();
  expect(seen.slice(0, 2)).toEqual([expect.any(String), 0]);
  expect(refs.map((ref) => ref.deref() === undefined)).toEqual([true, true]);
});
