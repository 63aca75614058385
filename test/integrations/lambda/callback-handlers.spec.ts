import { setImmediate as macrotask } from 'node:timers/promises';
import { ContextVar, currentUnit, type UnitOfWork } from 'nestjs-contextvars/core';
import { type InvocationEnd, withLambdaContext } from 'nestjs-contextvars/lambda';
import { outcomeOf } from '../../core/support/outcome.js';
import { Gate } from '../../nest/http/support/gate.js';
import { functionContext, invoke } from './support/runtime.js';

type Callback = (error?: unknown, result?: unknown) => void;

const tenant = new ContextVar<string>('tenant');

/** Hooks that note the end, which takes a while, and what came of it. */
function noting(log: string[]) {
  const ends: InvocationEnd[] = [];
  return {
    ends,
    onEnd: async (_: unknown, end: InvocationEnd) => {
      await macrotask();
      ends.push(end);
      log.push('ended');
    },
  };
}

test('the context is that of the invocation until it calls back, and several keep apart', async () => {
  const handler = withLambdaContext((event: { name: string }, _context: unknown, callback: Callback) => {
    const before = tenant.get('none');
    tenant.set(event.name);
    setImmediate(() => setTimeout(() => callback(null, [before, tenant.get(), currentUnit()?.ended]), 1));
  });
  const answers = await Promise.all(['a', 'b', 'c'].map((name) => invoke(handler, { name })));
  expect(answers).toEqual(['a', 'b', 'c'].map((name) => ['none', name, false]));
});

test.each(['later', 'at once'])(
  'the runtime is called back %s only when the unit has ended',
  async (when) => {
    const log: string[] = [];
    const { onEnd, ends } = noting(log);
    let unit: UnitOfWork | undefined;
    const handler = withLambdaContext(
      (_event: unknown, _context: unknown, callback: Callback) => {
        unit = currentUnit();
        const answer = () => {
          log.push('answered');
          callback(null, 'answer');
        };
        if (when === 'later') setImmediate(answer);
        else answer();
      },
      { onEnd },
    );
    expect(await invoke(handler)).toBe('answer');
    expect([...log, unit?.ended]).toEqual(['answered', 'ended', true]);
    expect(ends).toEqual([{ outcome: 'completed', error: undefined, durationMs: expect.any(Number) }]);
  },
);

test.each([new Error('failed'), 'text', 0, false])(
  'an error that it calls back with passes unchanged: %p',
  async (error) => {
    const log: string[] = [];
    const { onEnd, ends } = noting(log);
    const handler = withLambdaContext(
      (_event: unknown, _context: unknown, callback: Callback) => void setImmediate(callback, error),
      { onEnd },
    );
    expect(await outcomeOf(() => invoke(handler))).toEqual({ error });
    expect(ends).toEqual([{ outcome: 'failed', error, durationMs: expect.any(Number) }]);
  },
);

test('it gives the runtime no promise: Lambda waits for an empty event loop where there is none', async () => {
  const called = new Gate<unknown[]>();
  const handler = withLambdaContext(
    (_event: unknown, _context: unknown, callback: Callback) => void setImmediate(callback, null, 1),
    { onEnd: () => macrotask() },
  );
  expect(handler({}, functionContext(), (...args) => called.open(args))).toBeUndefined();
  expect(await called.passed).toEqual([null, 1]);
});

test('the runtime is called back outside the invocation', async () => {
  const unit = new Gate<UnitOfWork | undefined>();
  const handler = withLambdaContext(
    (_event: unknown, _context: unknown, callback: Callback) => void setImmediate(callback),
  );
  handler({}, functionContext(), () => unit.open(currentUnit()));
  expect(await unit.passed).toBeUndefined();
});

test('only the first time that it calls back counts', async () => {
  const calls: unknown[][] = [];
  const handler = withLambdaContext((_event: unknown, _context: unknown, callback: Callback) => {
    callback(null, 'first');
    callback(null, 'second');
    setImmediate(callback, null, 'third');
  });
  handler({}, functionContext(), (...args) => calls.push(args));
  await macrotask();
  await macrotask();
  expect(calls).toEqual([[null, 'first']]);
});

test('one that calls back and then throws has answered', async () => {
  const handler = withLambdaContext((_event: unknown, _context: unknown, callback: Callback) => {
    callback(null, 'answer');
    throw new Error('too late');
  });
  expect(await invoke(handler)).toBe('answer');
});

test('one that calls back and gives a promise answers with what came first', async () => {
  const log: string[] = [];
  const first = withLambdaContext(async (_event: unknown, _context: unknown, callback: Callback) => {
    callback(null, 'called back');
    await macrotask();
    log.push('goes on', String(currentUnit()?.ended));
    return 'resolved';
  }, noting(log));
  expect(await invoke(first)).toBe('called back');
  expect(log).toEqual(['goes on', 'false', 'ended']);
  const second = withLambdaContext(async (_event: unknown, _context: unknown, callback: Callback) => {
    setImmediate(() => setImmediate(callback, null, 'called back'));
    return 'resolved';
  });
  expect(await invoke(second)).toBe('resolved');
});

test('one that calls back with an error, and then rejects, has failed with the first', async () => {
  const handler = withLambdaContext(async (_event: unknown, _context: unknown, callback: Callback) => {
    callback(new Error('called back'));
    throw new Error('rejected');
  });
  expect(await outcomeOf(() => invoke(handler))).toEqual({ error: new Error('called back') });
});

test('one that takes its arguments as a list may call back too', async () => {
  const handler = withLambdaContext((...args: never[]) => {
    const callback = args[2] as Callback;
    setImmediate(callback, null, 'answer');
  });
  expect(await invoke(handler)).toBe('answer');
});

test('one without a callback and without a promise ends when it returns, with its value unchanged', () => {
  let unit: UnitOfWork | undefined;
  const handler = withLambdaContext((_event: unknown, _context: unknown) => {
    unit = currentUnit();
    return 'value';
  });
  const callback = jest.fn();
  expect(Reflect.apply(handler, undefined, [{}, functionContext(), callback] as never)).toBe('value');
  expect([unit?.ended, callback.mock.calls]).toEqual([true, []]);
});
