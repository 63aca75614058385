// Compile-time tests of the entry "./lambda": nothing here runs. `npm run test:types` fails where one of these lines has an
// error, or where a line under `@ts-expect-error` has none.

import middy from '@middy/core';
import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyHandlerV2,
  APIGatewayProxyStructuredResultV2,
  Callback,
  Context,
  Handler,
  SNSEventRecord,
  SQSBatchResponse,
  SQSEvent,
  SQSHandler,
  SQSRecord,
  StreamifyHandler,
} from 'aws-lambda';
import {
  appendKeys,
  type LambdaContextOptions,
  type LambdaFunctionContext,
  type LambdaInvocation,
  lambdaContext,
  lambdaInvocation,
  logKeys,
  processSqsBatch,
  removeKeys,
  resetKeys,
  type SqsBatchResponse,
  WithLambdaContext,
  withLambdaContext,
  withRecordContext,
} from 'nestjs-contextvars/lambda';

type Equal<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;

/** Compiles only where `T` is exactly the type of `value`: `same<string>()(text)`. */
declare function same<T>(): <V>(value: V, ...equal: Equal<T, V> extends true ? [] : [never]) => void;

// --- a handler keeps its type

type Asynchronous = (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;
type WithCallback = (event: SQSEvent, context: Context, callback: Callback<string>) => void;
declare const asynchronous: Asynchronous;
declare const withCallback: WithCallback;
declare const streaming: StreamifyHandler<SQSEvent>;
declare const any: Handler;
same<Asynchronous>()(withLambdaContext(asynchronous));
same<WithCallback>()(withLambdaContext(withCallback, { logEvent: true }));
same<StreamifyHandler<SQSEvent>>()(withLambdaContext(streaming));
same<Handler>()(withLambdaContext(any));
same<(event: { id: string }) => Promise<string>>()(
  withLambdaContext(async (event: { id: string }) => event.id),
);
// @ts-expect-error a function
withLambdaContext('handler');
// @ts-expect-error an argument has the wrong type
withLambdaContext(async (event: { id: string }) => event.id)({ id: 1 });

// --- it can be used where AWS's types ask for a handler, which then types the event

export const sqs: SQSHandler = withLambdaContext(async (event: SQSEvent) => ({
  batchItemFailures: event.Records.map(({ messageId }) => ({ itemIdentifier: messageId })),
}));
export const http: APIGatewayProxyHandlerV2 = withLambdaContext(async (event) => {
  same<APIGatewayProxyEventV2>()(event);
  return { statusCode: 200, body: event.rawPath };
});
// @ts-expect-error the result of the handler is another one
export const wrong: SQSHandler = withLambdaContext(async (_event: SQSEvent) => ({ statusCode: 200 }));

// --- what AWS's types call a Context is one

declare const context: Context;
export const own: LambdaFunctionContext = context;

// --- the options know the event

withLambdaContext(asynchronous, {
  correlationId: {
    header: 'x-trace',
    path: (event) => {
      same<SQSEvent>()(event);
      return event.Records[0]?.body;
    },
    accept: (id, event) => {
      same<string>()(id);
      same<SQSEvent>()(event);
      return true;
    },
  },
  logEvent: (event, keys) => {
    same<SQSEvent>()(event);
    same<Readonly<Record<string, unknown>>>()(keys);
  },
  abortBeforeTimeoutMs: 100,
  onEnd: async (invocation, end) => {
    same<LambdaInvocation>()(invocation);
    same<'completed' | 'failed'>()(end.outcome);
    same<number>()(end.durationMs);
    same<unknown>()(end.error);
  },
});
// @ts-expect-error a number
withLambdaContext(asynchronous, { abortBeforeTimeoutMs: '100' });
// @ts-expect-error no such option
withLambdaContext(asynchronous, { timeout: 100 });
// @ts-expect-error a boolean or a function
withLambdaContext(asynchronous, { logEvent: 'yes' });
export const options: LambdaContextOptions = { correlationId: { path: 'detail.id', accept: false } };

// --- as a decorator

export class Orders {
  @WithLambdaContext()
  async first(event: SQSEvent) {
    return event.Records.length;
  }

  @WithLambdaContext<SQSEvent>({ logEvent: (event) => void event.Records })
  second(_event: SQSEvent, _context: Context, callback: Callback) {
    callback();
  }
}
same<Promise<number>>()(new Orders().first({ Records: [] }));

// --- middy

const chain = withLambdaContext(middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>())
  .use(lambdaContext({ correlationId: { path: 'body.trace' }, logEvent: true }))
  .handler(async (event) => ({ statusCode: 200, body: event.rawPath }));
export const ofMiddy: APIGatewayProxyHandlerV2 = chain;
export const wrapped = withLambdaContext(middy<SQSEvent>().handler(asynchronous)).use(lambdaContext());
// @ts-expect-error no such option
lambdaContext({ onEnd: () => {} });

// --- the invocation

const invocation = lambdaInvocation();
same<string>()(invocation.requestId);
same<string | undefined>()(invocation.functionName);
same<string | undefined>()(invocation.functionVersion);
same<boolean>()(invocation.coldStart);
same<string>()(invocation.correlationId);
same<number>()(invocation.getRemainingTimeInMillis());
// @ts-expect-error read-only
invocation.correlationId = 'c';

// --- log keys

appendKeys({ order: 1, items: ['a'] });
removeKeys(['order']);
resetKeys();
same<Record<string, unknown>>()(logKeys());
// @ts-expect-error an object
appendKeys('order');
// @ts-expect-error an array
removeKeys('order');

// --- records

declare const place: (record: SQSRecord, attempt?: number) => Promise<boolean>;
same<(record: SQSRecord, attempt?: number) => Promise<boolean>>()(withRecordContext(place));
withRecordContext((record: SNSEventRecord) => record.Sns.Message, {
  correlationId: {
    path: (record) => {
      same<SNSEventRecord>()(record);
      return record.Sns.MessageId;
    },
  },
});
// @ts-expect-error a function
withRecordContext({});

declare const event: SQSEvent;
same<Promise<SqsBatchResponse>>()(processSqsBatch(event, place));
export const response: Promise<SQSBatchResponse> = processSqsBatch(
  event,
  async (record) => {
    same<SQSRecord>()(record);
  },
  {
    concurrency: 5,
    onError: (error, record) => {
      same<unknown>()(error);
      same<SQSRecord>()(record);
    },
    correlationId: { path: (record) => record.body },
  },
);
// @ts-expect-error an event with records
processSqsBatch({}, place);
