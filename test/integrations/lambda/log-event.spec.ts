import {
  appendKeys,
  type LogEvent,
  type LogKeys,
  logKeys,
  withLambdaContext,
} from 'nestjs-contextvars/lambda';
import { functionContext, invoke } from './support/runtime.js';

const event = { detail: { order: 1 } };

function handlerWith(logEvent: LogEvent | undefined) {
  return withLambdaContext(async () => 'answer', { ...(logEvent !== undefined && { logEvent }) });
}

let info: jest.SpyInstance;
let error: jest.SpyInstance;

beforeEach(() => {
  info = jest.spyOn(console, 'info').mockImplementation(() => {});
  error = jest.spyOn(console, 'error').mockImplementation(() => {});
});

afterEach(() => {
  info.mockRestore();
  error.mockRestore();
});

test('true prints the event as one line of JSON, with the log keys of the invocation', async () => {
  const context = functionContext();
  expect(await invoke(handlerWith(true), event, context)).toBe('answer');
  expect(info).toHaveBeenCalledTimes(1);
  const [line, ...rest] = info.mock.calls[0] as [string, ...unknown[]];
  expect(rest).toEqual([]);
  expect(line).not.toContain('\n');
  expect(JSON.parse(line)).toEqual({
    level: 'INFO',
    message: 'Lambda invocation event',
    function_name: 'orders',
    function_version: '7',
    function_request_id: context.awsRequestId,
    cold_start: expect.any(Boolean),
    correlation_id: context.awsRequestId,
    event,
  });
});

test.each([false, undefined])('%p prints nothing', async (logEvent) => {
  await invoke(handlerWith(logEvent), event);
  expect(info).not.toHaveBeenCalled();
});

test('a function gets the event and the keys before the handler runs, in the context of the invocation', async () => {
  const calls: [unknown, LogKeys, unknown][] = [];
  const handler = withLambdaContext(
    async () => {
      appendKeys({ late: true });
      return calls.length;
    },
    { logEvent: (given, keys) => calls.push([given, keys, logKeys().function_request_id]) },
  );
  const context = functionContext();
  expect(await invoke(handler, event, context)).toBe(1);
  const { awsRequestId: id } = context;
  expect(calls).toEqual([[event, expect.objectContaining({ function_request_id: id }), id]]);
  expect(calls[0]?.[1]).not.toHaveProperty('late');
});

const circular: Record<string, unknown> = {};
circular.self = circular;

test.each<[string, LogEvent, unknown]>([
  [
    'a function that throws',
    () => {
      throw new Error('the logger failed');
    },
    event,
  ],
  ['a function that rejects', () => Promise.reject(new Error('the logger failed')), event],
  ['an event that has no JSON', true, circular],
])('%s is reported, and the invocation goes on', async (_, logEvent, given) => {
  expect(await invoke(handlerWith(logEvent), given)).toBe('answer');
  expect(error).toHaveBeenCalledTimes(1);
  expect(error.mock.calls.join()).toContain('logEvent of withLambdaContext');
});
