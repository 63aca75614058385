import type {
  ALBEvent,
  APIGatewayProxyEvent,
  APIGatewayProxyEventV2,
  EventBridgeEvent,
  SNSEvent,
  SQSEvent,
} from 'aws-lambda';
import { createTask, currentCorrelationId } from 'nestjs-contextvars/core';
import {
  type LambdaCorrelationIdOptions,
  lambdaInvocation,
  logKeys,
  withLambdaContext,
} from 'nestjs-contextvars/lambda';
import { functionContext, invoke } from './support/runtime.js';

type Part<E> = { readonly [K in keyof E]?: unknown };

const v1 = (parts: Part<APIGatewayProxyEvent>) => ({
  resource: '/orders',
  httpMethod: 'GET',
  headers: null,
  multiValueHeaders: null,
  requestContext: { requestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef' },
  ...parts,
});
const v2 = (parts: Part<APIGatewayProxyEventV2>) => ({
  version: '2.0',
  routeKey: '$default',
  requestContext: { requestId: 'JKJaXmPLvHcESHA=' },
  ...parts,
});
const alb = (parts: Part<ALBEvent>) => ({
  requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/a/1' } },
  ...parts,
});
const record = (attributes: Record<string, unknown>) => ({
  messageId: '059f36b4-87a3-44ab-83d2-661975830a7d',
  body: 'x',
  messageAttributes: attributes,
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:eu-west-1:1:orders',
});
const sqs = (...records: Record<string, unknown>[]): Part<SQSEvent> => ({ Records: records.map(record) });
const sns = (attributes: Record<string, unknown>): Part<SNSEvent> => ({
  Records: [
    { EventSource: 'aws:sns', Sns: { MessageId: 'm-1', Message: 'x', MessageAttributes: attributes } },
  ],
});
const bridge = (detail: unknown): Part<EventBridgeEvent<string, unknown>> => ({
  version: '0',
  id: '53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa',
  'detail-type': 'OrderPlaced',
  source: 'shop',
  detail,
});
const stringValue = (value: unknown) => ({ stringValue: value, dataType: 'String' });

/** The correlation id of an invocation with this event; `none` where it is the request id. */
async function idOf(event: unknown, options?: LambdaCorrelationIdOptions): Promise<string | undefined> {
  const handler = withLambdaContext(
    async () => [
      lambdaInvocation().correlationId,
      currentCorrelationId(),
      logKeys().correlation_id,
      await createTask(() => currentCorrelationId()),
    ],
    options && { correlationId: options },
  );
  const context = functionContext();
  const ids = (await invoke(handler, event, context)) as string[];
  expect(new Set(ids).size).toBe(1);
  return ids[0] === context.awsRequestId ? 'none' : ids[0];
}

describe('by itself the id is found', () => {
  test.each<[string, unknown, string]>([
    ['API Gateway v1', v1({ headers: { 'x-correlation-id': 'c-1' } }), 'c-1'],
    ['API Gateway v1, in another case', v1({ headers: { 'X-Correlation-ID': 'c-1' } }), 'c-1'],
    ['API Gateway v1, multi-value', v1({ multiValueHeaders: { 'X-Correlation-Id': ['c-1'] } }), 'c-1'],
    [
      'API Gateway v1, both kinds',
      v1({ headers: { 'X-Correlation-Id': 'c-1' }, multiValueHeaders: { 'X-Correlation-Id': ['c-1'] } }),
      'c-1',
    ],
    ['API Gateway v2', v2({ headers: { 'x-correlation-id': 'c-2' } }), 'c-2'],
    ['ALB', alb({ headers: { 'x-correlation-id': 'c-3' } }), 'c-3'],
    ['ALB, multi-value', alb({ multiValueHeaders: { 'x-correlation-id': ['c-3'] } }), 'c-3'],
    ['an SQS event with one record', sqs({ 'x-correlation-id': stringValue('c-4') }), 'c-4'],
    ['an SQS event, in another case', sqs({ 'X-Correlation-Id': stringValue('c-4') }), 'c-4'],
    ['SNS', sns({ 'x-correlation-id': { Type: 'String', Value: 'c-5' } }), 'c-5'],
    ['EventBridge, in the detail', bridge({ correlationId: 'c-6' }), 'c-6'],
    ['EventBridge, as the id of the event', bridge({}), '53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa'],
    ['EventBridge, without a detail', bridge(null), '53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa'],
  ])('in an event of %s', async (_, event, id) => {
    expect(await idOf(event)).toBe(id);
  });

  test('under another name', async () => {
    const header = 'X-Trace';
    expect(await idOf(v2({ headers: { 'x-trace': 'c-1', 'x-correlation-id': 'other' } }), { header })).toBe(
      'c-1',
    );
    expect(await idOf(sqs({ 'x-trace': stringValue('c-2') }), { header })).toBe('c-2');
  });
});

describe('it is the request id', () => {
  test.each<[string, unknown]>([
    ['without any', v2({ headers: { accept: '*/*' } })],
    ['without headers', v1({})],
    ['where a header was sent twice', v1({ multiValueHeaders: { 'x-correlation-id': ['c-1', 'c-2'] } })],
    [
      'where a header was sent twice, and the last is shown alone',
      v1({
        headers: { 'x-correlation-id': 'c-2' },
        multiValueHeaders: { 'x-correlation-id': ['c-1', 'c-2'] },
      }),
    ],
    [
      'where a header was sent in two cases',
      alb({ headers: { 'x-correlation-id': 'c-1', 'X-Correlation-Id': 'c-2' } }),
    ],
    ['where two headers are joined', v2({ headers: { 'x-correlation-id': 'c-1,c-2' } })],
    ['where the id has a line break', v2({ headers: { 'x-correlation-id': 'a\nfake log line' } })],
    ['where the id is too long', v2({ headers: { 'x-correlation-id': 'a'.repeat(129) } })],
    ['where the id is empty', v2({ headers: { 'x-correlation-id': '' } })],
    ['where the id is no string', v2({ headers: { 'x-correlation-id': 7 } })],
    ['for several records of SQS', sqs({ 'x-correlation-id': stringValue('c-1') }, {})],
    [
      'where the attribute is binary',
      sqs({ 'x-correlation-id': { binaryValue: 'Yy0x', dataType: 'Binary' } }),
    ],
    ['where a header is inherited', v2({ headers: Object.create({ 'x-correlation-id': 'c-1' }) })],
    ['for an event of S3', { Records: [{ eventSource: 'aws:s3', s3: {} }] }],
    ['for no records', { Records: [] }],
    ['for a scheduled test event', {}],
    ['for null', null],
    ['for a string', 'event'],
    ['for a number', 7],
    ['for a list', [v2({ headers: { 'x-correlation-id': 'c-1' } })]],
  ])('%s', async (_, event) => {
    expect(await idOf(event)).toBe('none');
  });
});

describe('a path', () => {
  const event = {
    detail: { metadata: { 'correlation-id': 'c-1', 'a.b': 'c-2', 'q"\\': 'c-3' } },
    list: ['c-4', { id: 'c-5' }],
    headers: { 'X-Trace': 'c-6' },
    multiValueHeaders: { 'X-Trace': ['c-7'] },
    'x-correlation-id': 'c-8',
    nested: [['c-9']],
  };

  test.each([
    ['detail.metadata.correlation-id', 'c-1'],
    ['detail.metadata."correlation-id"', 'c-1'],
    ['detail.metadata."a.b"', 'c-2'],
    ['detail.metadata."q\\"\\\\"', 'c-3'],
    ['list[0]', 'c-4'],
    ['list[1].id', 'c-5'],
    ['list.1.id', 'c-5'],
    ['headers.x-trace', 'c-6'],
    ['multiValueHeaders.x-trace', 'c-7'],
    ['"x-correlation-id"', 'c-8'],
    ['nested[0][0]', 'c-9'],
    ['nested[0]', 'c-9'],
    ['list', 'none'],
    ['list[7].id', 'none'],
    ['detail.metadata', 'none'],
    ['detail.nothing.at.all', 'none'],
    ['constructor.name', 'none'],
    ['__proto__.constructor.name', 'none'],
    ['list.length', 'none'],
  ])('%s leads to %s', async (path, id) => {
    expect(await idOf(event, { path })).toBe(id);
  });

  test.each([
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    'a[',
    'a[]',
    'a[x]',
    'a[0]b',
    'a"b"',
    '"a',
    '""',
    'a]',
    'a\\b',
    '[-1]',
  ])('%p is refused when the handler is wrapped', (path) => {
    expect(() => withLambdaContext(async () => {}, { correlationId: { path } })).toThrow(TypeError);
  });

  test('nothing else is looked at', async () => {
    expect(await idOf(v2({ headers: { 'x-correlation-id': 'c-1' } }), { path: 'detail.id' })).toBe('none');
  });

  test('may be a function', async () => {
    const path = (event: unknown) => JSON.parse((event as { body: string }).body).trace;
    expect(await idOf({ body: '{"trace":"c-1"}' }, { path })).toBe('c-1');
    expect(await idOf({ body: '{"trace":"not an id"}' }, { path })).toBe('none');
  });
});

describe('what accept says', () => {
  const event = v2({ headers: { 'x-correlation-id': 'c-1', 'x-partner': 'yes' } });

  test.each<[string, LambdaCorrelationIdOptions['accept'], string]>([
    ['true', true, 'c-1'],
    ['false', false, 'none'],
    ['a function that gives true', (id, given) => id === 'c-1' && given === event, 'c-1'],
    ['a function that gives false', () => false, 'none'],
    ['a function that gives a promise', (() => Promise.resolve(true)) as never, 'none'],
  ])('is followed: %s', async (_, accept, id) => {
    expect(await idOf(event, { accept })).toBe(id);
  });

  test('is not asked about what is no id', async () => {
    const accept = jest.fn(() => true);
    expect(await idOf(v2({ headers: { 'x-correlation-id': 'a b' } }), { accept })).toBe('none');
    expect(accept).not.toHaveBeenCalled();
  });

  test.each<[string, LambdaCorrelationIdOptions]>([
    [
      'accept',
      {
        accept: () => {
          throw new Error('not expected');
        },
      },
    ],
    [
      'path',
      {
        path: () => {
          throw new Error('not expected');
        },
      },
    ],
  ])(
    'where %s throws, that is reported and the invocation goes on with the request id',
    async (_, options) => {
      const log = jest.spyOn(console, 'error').mockImplementation(() => {});
      try {
        expect(await idOf(event, options)).toBe('none');
        expect(log.mock.calls.join()).toMatch(/withLambdaContext.*not expected/s);
      } finally {
        log.mockRestore();
      }
    },
  );
});
