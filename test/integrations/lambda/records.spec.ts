import { setImmediate as macrotask } from 'node:timers/promises';
import type { SNSEventRecord, SQSEvent, SQSRecord } from 'aws-lambda';
import {
  ContextVar,
  currentCorrelationId,
  currentRequestId,
  currentUnit,
  type UnitOfWork,
} from 'nestjs-contextvars/core';
import {
  appendKeys,
  lambdaInvocation,
  logKeys,
  processSqsBatch,
  withLambdaContext,
  withRecordContext,
} from 'nestjs-contextvars/lambda';
import { currentFrame } from '../../../src/core/internal.js';
import { outcomeOf } from '../../core/support/outcome.js';
import { Gate } from '../../nest/http/support/gate.js';
import { UUID } from '../../nest/http/support/uuid.js';
import { functionContext, invoke } from './support/runtime.js';

const tenant = new ContextVar<string>('tenant');

function sqsRecord(name: string, correlationId?: string, queue = 'orders'): SQSRecord {
  return {
    messageId: `message-${name}`,
    receiptHandle: 'handle',
    body: name,
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: '1',
      SenderId: 'sender',
      ApproximateFirstReceiveTimestamp: '1',
    },
    messageAttributes:
      correlationId === undefined
        ? {}
        : { 'x-correlation-id': { stringValue: correlationId, dataType: 'String' } },
    md5OfBody: 'md5',
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:eu-west-1:1:${queue}`,
    awsRegion: 'eu-west-1',
  };
}

const failures = (...names: string[]) => ({
  batchItemFailures: names.map((name) => ({ itemIdentifier: `message-${name}` })),
});

const fifo = (...names: string[]): SQSEvent => ({
  Records: names.map((name) => sqsRecord(name, undefined, 'orders.fifo')),
});

/** Runs `fn` with the reports of errors, which nobody else gets to see. */
async function reportsOf<R>(fn: () => Promise<R>): Promise<{ value: R; reports: string[] }> {
  const log = jest.spyOn(console, 'error').mockImplementation(() => {});
  try {
    const value = await fn();
    return { value, reports: log.mock.calls.map((call) => call.join(' ')) };
  } finally {
    log.mockRestore();
  }
}

describe('withRecordContext', () => {
  test('makes each record a unit of its own, with its own correlation id, in its invocation', async () => {
    const all = new Gate();
    let running = 0;
    const units: (UnitOfWork | undefined)[] = [];
    const handle = withRecordContext(async (record: SQSRecord) => {
      const before = [tenant.get('none'), logKeys().record];
      tenant.set(record.body);
      appendKeys({ record: record.body });
      units.push(currentUnit());
      running += 1;
      if (running === 3) all.open();
      await all.passed;
      await macrotask();
      const { requestId, correlationId, functionName } = lambdaInvocation();
      return {
        before,
        seen: [tenant.get(), logKeys().record, logKeys().correlation_id],
        ids: [currentUnit()?.kind, currentUnit()?.id, currentRequestId(), currentCorrelationId()],
        invocation: [requestId, correlationId, functionName],
      };
    });
    const handler = withLambdaContext(async (event: SQSEvent) => {
      tenant.set('of the invocation');
      appendKeys({ record: 'of the invocation' });
      const seen = await Promise.all(event.Records.map((record) => handle(record)));
      return [...seen, tenant.get(), logKeys().record];
    });
    const context = functionContext();
    const { awsRequestId: id } = context;
    const event = { Records: [sqsRecord('a', 'c-1'), sqsRecord('b', 'c-2'), sqsRecord('c')] };
    const expected = [
      ['a', 'c-1'],
      ['b', 'c-2'],
      ['c', 'message-c'],
    ].map(([name, correlation]) => ({
      before: ['none', undefined],
      seen: [name, name, correlation],
      ids: ['lambda-record', `message-${name}`, id, correlation],
      invocation: [id, correlation, 'orders'],
    }));
    expect(await invoke(handler, event, context)).toEqual([
      ...expected,
      'of the invocation',
      'of the invocation',
    ]);
    expect(units.map((unit) => unit?.ended)).toEqual([true, true, true]);
  });

  test.each<[string, unknown, string | RegExp, string | RegExp]>([
    [
      'SNS',
      { Sns: { MessageId: 'sns-1', MessageAttributes: { 'x-correlation-id': { Value: 'c-1' } } } },
      'sns-1',
      'c-1',
    ],
    ['SNS without an id', { Sns: { MessageId: 'sns-1', MessageAttributes: {} } }, 'sns-1', 'sns-1'],
    [
      'DynamoDB',
      { eventID: 'c4ca4238a0b923820dcc509a6f75849b' },
      'c4ca4238a0b923820dcc509a6f75849b',
      /^c4ca/,
    ],
    ['Kinesis, whose event id is none of ours', { eventID: 'shardId-000000000006:4959' }, UUID, UUID],
    ['nothing', undefined, UUID, UUID],
  ])('has ids for a record of %s', async (_, record, id, correlation) => {
    const handle = withRecordContext((_record: unknown) => [currentUnit()?.id, currentCorrelationId()]);
    const handler = withLambdaContext(async () => handle(record));
    expect(await invoke(handler)).toEqual([
      typeof id === 'string' ? id : expect.stringMatching(id),
      typeof correlation === 'string' ? correlation : expect.stringMatching(correlation),
    ]);
  });

  test('finds the correlation id by a path into the record', async () => {
    const handle = withRecordContext((_record: SNSEventRecord) => currentCorrelationId(), {
      correlationId: { path: 'Sns.Subject' },
    });
    expect(
      await invoke(withLambdaContext(async () => handle({ Sns: { Subject: 'c-1' } } as SNSEventRecord))),
    ).toBe('c-1');
  });

  test('works where no invocation is open, with the id of the record for all', () => {
    const handle = withRecordContext((_record: SQSRecord) => [currentRequestId(), currentCorrelationId()]);
    expect(handle(sqsRecord('a'))).toEqual(['message-a', 'message-a']);
  });

  test('ends the unit of a record with the time of the invocation', async () => {
    let left = 40;
    const aborted = new Gate<unknown>();
    const handle = withRecordContext(async (_record: unknown) => {
      const signal = currentUnit()?.signal;
      signal?.addEventListener('abort', () => aborted.open(signal.reason.name));
      return aborted.passed;
    });
    const handler = withLambdaContext(async () => handle({}), { abortBeforeTimeoutMs: 20 });
    const alive = setInterval(() => {
      left -= 1;
    }, 1);
    const context = functionContext({ getRemainingTimeInMillis: () => left });
    expect(await invoke(handler, {}, context)).toBe('TimeoutError');
    clearInterval(alive);
  });

  test('lets errors pass, and keeps this, name and length', async () => {
    const handle = withRecordContext(function place(this: unknown, record: SQSRecord, fail: boolean) {
      if (fail) throw new Error(record.body);
      return this;
    });
    const owner = {};
    expect(handle.call(owner, sqsRecord('a'), false)).toBe(owner);
    expect(await outcomeOf(() => handle(sqsRecord('a'), true))).toEqual({ error: new Error('a') });
    expect([handle.name, handle.length]).toEqual(['place', 2]);
  });

  test('refuses wrong arguments', () => {
    expect(() => withRecordContext('handler' as never)).toThrow(TypeError);
    expect(() => withRecordContext(() => {}, 'options' as never)).toThrow(TypeError);
    expect(() => withRecordContext(() => {}, { correlationId: { path: '' } })).toThrow(TypeError);
  });
});

describe('processSqsBatch', () => {
  test('gives no failures where there are none, and each record its own context', async () => {
    const seen: unknown[] = [];
    const handler = withLambdaContext((event: SQSEvent) =>
      processSqsBatch(event, async (record) => {
        tenant.set(record.body);
        await macrotask();
        seen.push([tenant.get(), currentCorrelationId()]);
      }),
    );
    const event = { Records: [sqsRecord('a', 'c-1'), sqsRecord('b', 'c-2')] };
    expect(await invoke(handler, event)).toEqual(failures());
    expect(seen).toEqual([
      ['a', 'c-1'],
      ['b', 'c-2'],
    ]);
  });

  test('gives those that fail, reports each in its own context, and goes on with the others', async () => {
    const event = { Records: ['a', 'b', 'c', 'd'].map((name) => sqsRecord(name, `c-${name}`)) };
    const told: unknown[] = [];
    const failing = (record: SQSRecord) => {
      if (record.body === 'b') throw new Error('at once');
      return record.body === 'c' ? Promise.reject(new Error('later')) : Promise.resolve();
    };
    const handler = withLambdaContext((given: SQSEvent) =>
      processSqsBatch(given, failing, {
        onError: (error, record) =>
          void told.push([(error as Error).message, record.body, currentCorrelationId()]),
      }),
    );
    const { value, reports } = await reportsOf(() => invoke(handler, event));
    expect(value).toEqual(failures('b', 'c'));
    expect(told).toEqual([
      ['at once', 'b', 'c-b'],
      ['later', 'c', 'c-c'],
    ]);
    expect(reports).toEqual([]);
    const silent = withLambdaContext((given: SQSEvent) => processSqsBatch(given, failing));
    const reported = await reportsOf(() => invoke(silent, event));
    expect(reported.value).toEqual(failures('b', 'c'));
    expect(reported.reports).toEqual([
      expect.stringMatching(/'message-b'.*at once/),
      expect.stringMatching(/'message-c'.*later/),
    ]);
  });

  test('an onError that throws is reported, and the record has failed as before', async () => {
    const { value, reports } = await reportsOf(() =>
      processSqsBatch({ Records: [sqsRecord('a')] }, () => Promise.reject(new Error('failed')), {
        onError: () => {
          throw new Error('of onError');
        },
      }),
    );
    expect(value).toEqual(failures('a'));
    expect(reports).toEqual([expect.stringContaining('of onError')]);
  });

  test('waits for the end of the unit of each record', async () => {
    const disposed: string[] = [];
    await processSqsBatch({ Records: [sqsRecord('a'), sqsRecord('b')] }, (record) => {
      currentFrame()?.unit.on('dispose', async () => {
        await macrotask();
        disposed.push(record.body);
      });
    });
    expect(disposed.sort()).toEqual(['a', 'b']);
  });

  test('processes as many at once as it may', async () => {
    for (const [concurrency, most] of [
      [undefined, 6],
      [2, 2],
      [2.9, 2],
      [1, 1],
      [100, 6],
    ]) {
      let running = 0;
      let peak = 0;
      const event = { Records: ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => sqsRecord(name)) };
      const handle = async () => {
        running += 1;
        peak = Math.max(peak, running);
        await macrotask();
        running -= 1;
      };
      await processSqsBatch(event, handle, { ...(concurrency !== undefined && { concurrency }) });
      expect(peak).toBe(most);
    }
  });

  test('of a FIFO queue takes one after the other, and none after one that failed', async () => {
    const order: string[] = [];
    const { value } = await reportsOf(() =>
      processSqsBatch(
        fifo('a', 'b', 'c', 'd'),
        async ({ body }) => {
          order.push(`${body} begins`);
          await macrotask();
          if (body === 'c') throw new Error('failed');
          order.push(`${body} is done`);
        },
        { concurrency: 4 },
      ),
    );
    expect(order).toEqual(['a begins', 'a is done', 'b begins', 'b is done', 'c begins']);
    expect(value).toEqual(failures('c', 'd'));
  });

  test('begins no record any more when the time is nearly up, and counts it as failed', async () => {
    let left = 40;
    const began: string[] = [];
    const handler = withLambdaContext(
      (event: SQSEvent) =>
        processSqsBatch(event, ({ body }) => {
          began.push(body);
          const { signal } = currentUnit() as UnitOfWork;
          return new Promise((resolve) => signal.addEventListener('abort', resolve));
        }),
      { abortBeforeTimeoutMs: 20 },
    );
    const alive = setInterval(() => {
      left -= 1;
    }, 1);
    const context = functionContext({ getRemainingTimeInMillis: () => left });
    expect(await invoke(handler, fifo('a', 'b', 'c'), context)).toEqual(failures('b', 'c'));
    expect(began).toEqual(['a']);
    clearInterval(alive);
  });

  test('an empty batch has no failures', async () => {
    expect(await processSqsBatch({ Records: [] }, () => {})).toEqual(failures());
  });

  test.each([
    ['no handler', () => processSqsBatch({ Records: [] }, 'handler' as never)],
    ['no event', () => processSqsBatch(undefined as never, () => {})],
    ['an event without records', () => processSqsBatch({} as never, () => {})],
    ['no concurrency', () => processSqsBatch({ Records: [] }, () => {}, { concurrency: 0 })],
    ['an onError that is none', () => processSqsBatch({ Records: [] }, () => {}, { onError: 1 as never })],
    [
      'a path that is none',
      () => processSqsBatch({ Records: [] }, () => {}, { correlationId: { path: '' } }),
    ],
  ])('rejects %s', async (_, call) => {
    await expect(call()).rejects.toThrow(TypeError);
  });
});
