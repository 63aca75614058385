import { context, propagation, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { type Job, type Telemetry } from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';
import { contextTelemetry } from 'nestjs-contextvars/bullmq';
import { addErrorReporter } from '../../../src/core/internal.js';
import { asCaller, nothing, seen, tenant } from './support/caller.js';
import { describeOnBackends, type Queues, work } from './support/queue-backends.js';
import { RecordingTracer } from './support/recording-tracer.js';

const tracer = new RecordingTracer();

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider({ getTracer: () => tracer });
});
afterAll(() => {
  for (const api of [context, propagation, trace]) api.disable();
});
beforeEach(() => tracer.spans.splice(0));

const request: SpanContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };

/** In the context of a caller, under a span of OpenTelemetry. */
const traced = <R>(fn: () => R): R =>
  asCaller('acme', () => context.with(trace.setSpanContext(ROOT_CONTEXT, request), fn));

const process = async () => {
  await null;
  return { ...seen(), traceId: trace.getActiveSpan()?.spanContext().traceId };
};

describeOnBackends('contextTelemetry around bullmq-otel', (queues) => {
  const [otel, ours, both] = [
    () => new BullMQOtel(),
    () => contextTelemetry(),
    () => contextTelemetry(new BullMQOtel()),
  ];

  test.each([
    ['both', 'both', both, both, 'acme', request.traceId],
    ['both', 'bullmq-otel alone', both, otel, '-', request.traceId],
    ['both', 'ours alone', both, ours, 'acme', undefined],
    ['bullmq-otel alone', 'both', otel, both, '-', request.traceId],
    ['ours alone', 'both', ours, both, 'acme', expect.any(String)],
    ['ours alone', 'bullmq-otel alone', ours, otel, '-', expect.any(String)],
  ])(
    'added with %s and worked off with %s, each reads what is its own',
    async (_, __, producer, consumer, caller, traceId) => {
      const name = queues.name();
      const job = await traced(() => queues.queue(name, producer()).add('work', {}));

      expect(await work(queues.worker(name, process, consumer()), job)).toEqual([
        { ...nothing, tenant: caller, traceId },
      ]);
    },
  );

  test('bullmq-otel makes the spans that it makes alone', async () => {
    const [alone, wrapped] = [await spansOf(queues, otel()), await spansOf(queues, both())];

    expect(alone.length).toBeGreaterThan(5);
    expect(wrapped).toEqual(alone);
  });

  test('metadata that it cannot read does not keep the job from being worked off', async () => {
    const reported: unknown[] = [];
    const previous = addErrorReporter((error) => reported.push(error));
    const name = queues.name();
    const job = await queues.queue(name).add('work', {}, { telemetry: { metadata: 'no JSON' } });
    const [result] = await work(
      queues.worker(name, async () => seen(), both()),
      job,
    );
    previous();

    expect(result).toEqual(nothing);
    expect(reported).toEqual([expect.any(SyntaxError)]);
  });

  test('its meter measures, and where it has none there is none', () => {
    expect(contextTelemetry(new BullMQOtel({ enableMetrics: true })).meter).toBeDefined();
    expect(both()).not.toHaveProperty('meter');
  });
});

/** What a job that is tried twice, one of a flow and one of a scheduler leave as spans; without what is new each time. */
async function spansOf(queues: Queues, telemetry: Telemetry): Promise<unknown[]> {
  tracer.spans.splice(0);
  const name = queues.name();
  const queue = queues.queue(name, telemetry);
  const [first, second] = await traced(() =>
    queue.addBulk([
      { name: 'fails once', data: {}, opts: { attempts: 2 } },
      { name: 'works', data: {} },
    ]),
  );
  const flow = await traced(() =>
    queues.flowProducer(telemetry).add({ name: 'flow', queueName: name, opts: {} }),
  );
  const tick = await traced(() => queue.upsertJobScheduler('tick', { every: 100_000, limit: 1 }));
  const failsOnce = async (job: Job) => {
    if (job.name === 'fails once' && job.attemptsMade === 0) throw new Error('once more');
    return tenant.get('-');
  };
  const worker = queues.worker(name, failsOnce, telemetry);
  await work(worker, first, second, flow.job, tick);
  await worker.close();
  return tracer.comparable(name);
}
