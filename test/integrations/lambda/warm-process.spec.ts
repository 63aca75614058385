import { setImmediate as macrotask, setTimeout as wait } from 'node:timers/promises';
import { ContextVar, createTask, currentRequestId, ScopedValue } from 'nestjs-contextvars/core';
import { appendKeys, lambdaInvocation, logKeys, withLambdaContext } from 'nestjs-contextvars/lambda';
import { functionContext, invoke } from './support/runtime.js';

// The small sister of test/soak/lambda.mjs: invocations of one process, some at once, of which a tenth leave work behind.

const INVOCATIONS = 1_000;
const AT_ONCE = [1, 1, 1, 5, 20];

const tenant = new ContextVar<string>('tenant');
const role = new ScopedValue<string>('role');

test(`${INVOCATIONS} invocations, a tenth of which leave timers and promises behind, never see each other`, async () => {
  const wrong: string[] = [];
  const left: Promise<unknown>[] = [];
  let seenLater = 0;

  /** What may be read in the invocation `name`, now and later, and whether it is. */
  const check = (name: string, where: string): void => {
    const seen = [
      tenant.get('none'),
      role.get('none'),
      logKeys().order,
      logKeys().function_request_id,
      currentRequestId(),
    ];
    if (seen.some((value) => value !== name)) wrong.push(`${where} of ${name}: ${seen.join()}`);
  };
  const leave = (name: string): void => {
    const later = (where: string) => () => {
      seenLater += 1;
      check(name, where);
    };
    left.push(
      wait(3).then(later('timer')),
      macrotask()
        .then(() => macrotask())
        .then(later('promise')),
      createTask(() => wait(2).then(later('task'))),
    );
  };
  const handler = withLambdaContext(async ({ name, leaves }: { name: string; leaves: boolean }) => {
    const before = [tenant.get('none'), role.get('none'), logKeys().order ?? 'none'];
    if (before.some((value) => value !== 'none')) wrong.push(`start of ${name}: ${before.join()}`);
    tenant.set(name);
    role.bind(name);
    appendKeys({ order: name });
    if (leaves) leave(name);
    await macrotask();
    check(name, 'handler');
    return lambdaInvocation().requestId;
  });

  for (let n = 0, round = 0; n < INVOCATIONS; round++) {
    const batch = Array.from({ length: AT_ONCE[round % AT_ONCE.length] ?? 1 }, () => `r${n++}`);
    const answers = await Promise.all(
      batch.map((name, i) =>
        invoke(handler, { name, leaves: (n + i) % 10 === 0 }, functionContext({ awsRequestId: name })),
      ),
    );
    expect(answers).toEqual(batch);
  }
  await Promise.all(left);
  expect(wrong).toEqual([]);
  expect(left.length).toBeGreaterThan(INVOCATIONS / 5);
  expect(seenLater).toBe(left.length);
});
