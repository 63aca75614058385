import type { SpanKind } from 'bullmq';
import type { JobMetadata } from './job-metadata.js';
import type { ProcessedJob } from './processed-job.js';

// The members of BullMQ's enum, which is not there at run time: BullMQ is not loaded for it.
export const INTERNAL: SpanKind.INTERNAL = 0;
export const PRODUCER: SpanKind.PRODUCER = 3;
export const CONSUMER: SpanKind.CONSUMER = 4;

/** What BullMQ passes from one call of a telemetry to the next as "context". Immutable. */
export interface TelemetryScope {
  /** The context of the inner telemetry. */
  readonly inner: unknown;
  /** What a job brought. */
  readonly metadata?: JobMetadata;
  /** What BullMQ is about to do. */
  readonly operation?: Operation;
  /** Outside whatever is current. */
  readonly detached?: true;
}

/** One thing that BullMQ does, from its span on. */
export interface Operation {
  readonly kind: SpanKind;
  /** Said as soon as there is a span; empty where it is about several queues. */
  queueName: string;
  /** The job that is being worked off by it. */
  job: ProcessedJob | undefined;
}
