import type { Meter, SpanOptions, Telemetry, Tracer } from 'bullmq';
import { currentFrame, wrongArgument } from '../../core/internal.js';
import { JobContextManager } from './context-manager.js';
import { ContextSpan } from './context-span.js';
import { type ContextTelemetryOptions, checkedOptions } from './job-context.options.js';
import { markWorkerUnit, ProcessedJob } from './processed-job.js';
import { CONSUMER, INTERNAL, type Operation, type TelemetryScope } from './telemetry-scope.js';

/** What a worker does in the context that it was created in, before it takes its first job. */
const START_OF_WORKER = /^startStalledCheckTimer\b/;
/** What BullMQ does with a job whose processor has thrown, before it tells the listeners. */
const FAILURE_OF_JOB = /^(fail|retry|delay)\b/;

class ContextTracer implements Tracer<TelemetryScope> {
  readonly #inner: Tracer | undefined;

  constructor(inner: Tracer | undefined) {
    this.#inner = inner;
  }

  startSpan(name: string, options: SpanOptions, scope?: TelemetryScope): ContextSpan {
    const { kind } = options;
    if (kind === CONSUMER || (kind === INTERNAL && START_OF_WORKER.test(name))) {
      markWorkerUnit(currentFrame()?.unit);
    }
    if (kind === INTERNAL && FAILURE_OF_JOB.test(name)) ProcessedJob.current()?.allowReads();
    const operation: Operation = { kind, queueName: '', job: undefined };
    return new ContextSpan(this.#inner?.startSpan(name, options, scope?.inner), operation);
  }
}

/**
 * Carries the context from where a job is added to its processor: the variables that have a codec, as `injectContext`
 * writes them. For the option `telemetry` of queues, flow producers and workers. Each job is then a unit of work of kind
 * `job`, which starts with what the job brought and nothing else.
 *
 * @param inner another telemetry, such as bullmq-otel's. BullMQ has room for one; this one hands everything on to it.
 * @throws TypeError where an argument has the wrong type.
 *
 * @example
 * const telemetry = contextTelemetry();
 * const queue = new Queue('invoices', { connection, telemetry });
 * new Worker('invoices', async () => console.log(tenant.get()), { connection, telemetry }); // acme
 * await tenant.run('acme', () => queue.add('write', { orderId: 1 }));
 */
export function contextTelemetry(inner?: Telemetry, options?: ContextTelemetryOptions): Telemetry {
  const checked = checkedOptions('contextTelemetry', options);
  requireTelemetry(inner);
  const telemetry: Telemetry<TelemetryScope> & { meter?: Meter } = {
    tracer: new ContextTracer(inner?.tracer),
    contextManager: new JobContextManager(inner?.contextManager, checked),
  };
  // Not an undefined one: that it is there tells BullMQ that somebody measures.
  if (inner?.meter !== undefined) telemetry.meter = inner.meter;
  return telemetry;
}

function requireTelemetry(inner: unknown): void {
  if (inner === undefined) return;
  const { tracer, contextManager } = (inner ?? {}) as Partial<Telemetry>;
  if (typeof tracer?.startSpan !== 'function' || typeof contextManager?.with !== 'function') {
    throw wrongArgument('contextTelemetry', 'a BullMQ telemetry as inner', inner);
  }
}
