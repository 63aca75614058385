import { setImmediate as macrotask } from 'node:timers/promises';
import { createTask, gather, runUnitOfWork } from 'nestjs-contextvars/core';
import { appendKeys, logKeys, removeKeys, resetKeys, withLambdaContext } from 'nestjs-contextvars/lambda';
import { withCode } from '../../core/support/outcome.js';
import { functionContext, invoke } from './support/runtime.js';

/** The appended keys alone. */
function own(): Record<string, unknown> {
  const {
    function_name: _name,
    function_version: _version,
    function_request_id: _id,
    cold_start: _start,
    correlation_id: _correlation,
    ...rest
  } = logKeys();
  return rest;
}

test('begin with those of the invocation, under the names that Powertools has', async () => {
  const context = functionContext();
  expect(
    await invoke(
      withLambdaContext(async () => logKeys()),
      {},
      context,
    ),
  ).toEqual({
    function_name: 'orders',
    function_version: '7',
    function_request_id: context.awsRequestId,
    cold_start: expect.any(Boolean),
    correlation_id: context.awsRequestId,
  });
});

test('are appended, replaced, removed and reset', async () => {
  const handler = withLambdaContext(async () => {
    const seen: unknown[] = [];
    appendKeys({ orderId: 1, items: ['a'] });
    appendKeys({ orderId: 2, customer: 'ann' });
    seen.push(own());
    removeKeys(['items', 'not there']);
    seen.push(own());
    resetKeys();
    seen.push(own());
    appendKeys({ orderId: 3 });
    return [...seen, own()];
  });
  expect(await invoke(handler)).toEqual([
    { orderId: 2, items: ['a'], customer: 'ann' },
    { orderId: 2, customer: 'ann' },
    {},
    { orderId: 3 },
  ]);
});

test('of the invocation are replaced by appended ones, until those are reset', async () => {
  const handler = withLambdaContext(async () => {
    appendKeys({ correlation_id: 'mine' });
    const appended = logKeys().correlation_id;
    resetKeys();
    return [appended, logKeys().correlation_id];
  });
  const context = functionContext();
  expect(await invoke(handler, {}, context)).toEqual(['mine', context.awsRequestId]);
});

test('of invocations that run at once never mix, whatever each does with its own', async () => {
  const handler = withLambdaContext(async (event: { name: string }) => {
    const seen: unknown[] = [own()];
    for (let i = 0; i < 5; i++) {
      appendKeys({ name: event.name, [event.name]: i });
      await macrotask();
      seen.push(own());
      if (i === 2) removeKeys([event.name]);
      if (i === 3) resetKeys();
      await macrotask();
    }
    return seen;
  });
  const names = Array.from({ length: 20 }, (_, i) => `n${i}`);
  const answers = await Promise.all(names.map((name) => invoke(handler, { name })));
  expect(answers).toEqual(names.map((name) => [{}, ...[0, 1, 2, 3, 4].map((i) => ({ name, [name]: i }))]));
});

test('of one invocation are not there in the next', async () => {
  const handler = withLambdaContext(async (event: object) => {
    const before = own();
    appendKeys(event as Record<string, unknown>);
    return before;
  });
  expect([await invoke(handler, { a: 1 }), await invoke(handler, { b: 2 })]).toEqual([{}, {}]);
});

test('that are appended in a task or a gather branch stay there', async () => {
  const handler = withLambdaContext(async () => {
    appendKeys({ order: 1 });
    const task = createTask(async () => {
      appendKeys({ task: true });
      await macrotask();
      return own();
    });
    const branches = await gather([
      async () => {
        appendKeys({ branch: 'a' });
        await macrotask();
        return own();
      },
      async () => {
        removeKeys(['order']);
        await macrotask();
        return own();
      },
    ]);
    return [await task, ...branches, own()];
  });
  expect(await invoke(handler)).toEqual([
    { order: 1, task: true },
    { order: 1, branch: 'a' },
    {},
    { order: 1 },
  ]);
});

test('that an awaited callee appends are there for its caller', async () => {
  const handler = withLambdaContext(async () => {
    await (async () => {
      await macrotask();
      appendKeys({ callee: true });
    })();
    return own();
  });
  expect(await invoke(handler)).toEqual({ callee: true });
});

test('are the ones of the moment: a log line keeps what it got', async () => {
  const handler = withLambdaContext(async () => {
    appendKeys({ step: 1 });
    const first = logKeys();
    first.mine = 'changed by a logger';
    appendKeys({ step: 2 });
    return [first.step, own()];
  });
  expect(await invoke(handler)).toEqual([1, { step: 2 }]);
});

test('outside any context are none to read, and cannot be changed', () => {
  expect(logKeys()).toEqual({});
  expect(() => appendKeys({ a: 1 })).toThrow(withCode('ERR_NO_ACTIVE_CONTEXT'));
  expect(() => removeKeys(['a'])).toThrow(withCode('ERR_NO_ACTIVE_CONTEXT'));
  expect(resetKeys).toThrow(withCode('ERR_NO_ACTIVE_CONTEXT'));
});

test('are there in any other unit of work too, without those of an invocation', () => {
  const keys = runUnitOfWork({ kind: 'test' }, () => {
    appendKeys({ a: 1 });
    return logKeys();
  });
  expect(keys).toEqual({ a: 1 });
});

test('a key that would be a prototype is left out', async () => {
  const handler = withLambdaContext(async () => {
    appendKeys(JSON.parse('{"__proto__":{"admin":true},"a":1}') as Record<string, unknown>);
    const merged = Object.assign({}, own()) as { admin?: boolean };
    return [Object.getOwnPropertyNames(own()), merged.admin];
  });
  expect(await invoke(handler)).toEqual([['a'], undefined]);
});

test.each([
  ['appendKeys(null)', () => appendKeys(null as never)],
  ["appendKeys('key')", () => appendKeys('key' as never)],
  ['appendKeys([])', () => appendKeys([] as never)],
  ["removeKeys('key')", () => removeKeys('key' as never)],
  ['removeKeys([7])', () => removeKeys([7] as never)],
])('%s is refused, and changes nothing', async (_, wrong) => {
  const handler = withLambdaContext(async () => {
    appendKeys({ key: 1 });
    expect(wrong).toThrow(TypeError);
    return own();
  });
  expect(await invoke(handler)).toEqual({ key: 1 });
});
