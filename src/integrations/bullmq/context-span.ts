import type { Attributes, AttributeValue, Exception, Span, Time } from 'bullmq';
import type { Operation, TelemetryScope } from './telemetry-scope.js';

// Of BullMQ's enum TelemetryAttributes, which is not there at run time.
const QUEUE_NAME = 'bullmq.queue.name';
const JOB_ID = 'bullmq.job.id';

/** What BullMQ says of a job when it has told its listeners, and before it looks for the next one. */
const DONE: ReadonlySet<string> = new Set(['job completed', 'job failed']);

/** The span of the inner telemetry, if there is one; and an ear for what BullMQ says of the operation. */
export class ContextSpan implements Span<TelemetryScope> {
  readonly #inner: Span | undefined;
  readonly #operation: Operation;

  constructor(inner: Span | undefined, operation: Operation) {
    this.#inner = inner;
    this.#operation = operation;
  }

  setSpanOnContext(scope: TelemetryScope): TelemetryScope {
    const inner: unknown =
      this.#inner === undefined ? scope.inner : this.#inner.setSpanOnContext(scope.inner);
    return { ...scope, inner, operation: this.#operation };
  }

  setAttribute(key: string, value: AttributeValue): void {
    this.#inner?.setAttribute(key, value);
  }

  setAttributes(attributes: Attributes): void {
    this.#inner?.setAttributes(attributes);
    const { [QUEUE_NAME]: queueName, [JOB_ID]: jobId } = attributes;
    if (typeof queueName === 'string') this.#operation.queueName = queueName;
    this.#operation.job?.identify(jobId);
  }

  addEvent(name: string, attributes?: Attributes): void {
    this.#inner?.addEvent(name, attributes);
    // Not later: the next job is fetched here, and its listeners must not find the instances of this one.
    if (DONE.has(name)) this.#operation.job?.end();
  }

  recordException(exception: Exception, time?: Time): void {
    this.#inner?.recordException(exception, time);
  }

  end(): void {
    this.#inner?.end();
  }
}
