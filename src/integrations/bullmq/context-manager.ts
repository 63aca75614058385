import type { ContextManager } from 'bullmq';
import { injectContext } from '../../core/index.js';
import {
  CARRIER_KEY,
  carriedContext,
  currentFrame,
  reportError,
  runForeign,
  storage,
  type Unit,
} from '../../core/internal.js';
import type { ContextTelemetryOptions } from './job-context.options.js';
import { readMetadata, writeMetadata } from './job-metadata.js';
import { isWorkerUnit, ProcessedJob } from './processed-job.js';
import { CONSUMER, PRODUCER, type TelemetryScope } from './telemetry-scope.js';

/** The part of the telemetry that carries the context; around that of the inner telemetry, if there is one. */
export class JobContextManager implements ContextManager<TelemetryScope> {
  readonly #inner: ContextManager | undefined;
  readonly #options: ContextTelemetryOptions;

  constructor(inner: ContextManager | undefined, options: ContextTelemetryOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  active(): TelemetryScope {
    return { inner: this.#inner?.active() as unknown };
  }

  root(): TelemetryScope {
    return { inner: this.#inner?.root?.() as unknown, detached: true };
  }

  // biome-ignore lint/suspicious/noExplicitAny: as BullMQ declares it
  with<F extends (...args: any[]) => any>(scope: TelemetryScope, fn: F): ReturnType<F> {
    const { inner, metadata, operation, detached } = scope;
    const call = (): ReturnType<F> =>
      this.#inner === undefined || (detached && inner === undefined) ? fn() : this.#inner.with(inner, fn);
    if (detached) return runForeign(undefined, () => storage.run(undefined, call));
    // Of the kinds that BullMQ has, this is the one around a processor.
    if (operation?.kind !== CONSUMER) return call();
    const brought = metadata ?? readMetadata(undefined);
    return ProcessedJob.run(brought, operation.queueName, this.#options, (job) => {
      operation.job = job;
      if (this.#inner === undefined) return fn();
      return this.#inner.with(inner, () => {
        job.meetEntry();
        return fn();
      });
    });
  }

  /** Does not throw: BullMQ calls it where nobody catches, and a worker would never take a job again. */
  fromMetadata(active: TelemetryScope, text: string): TelemetryScope {
    const metadata = readMetadata(text);
    return { ...active, inner: this.#innerFrom(active.inner, metadata.inner), metadata };
  }

  getMetadata({ inner, operation }: TelemetryScope): string {
    const unit = currentFrame()?.unit;
    const isAdded = operation === undefined || operation.kind === PRODUCER;
    // What is not added is a job that failed: it keeps what it came with, whatever has been set since.
    const carrier = isAdded
      ? this.#carrierOf(unit, operation?.queueName)
      : ProcessedJob.current()?.metadata.carrier;
    return writeMetadata({
      inner: this.#inner?.getMetadata(inner),
      carrier,
      inWorker: isAdded && isWorkerUnit(unit),
    });
  }

  #innerFrom(active: unknown, text: string | undefined): unknown {
    if (this.#inner === undefined || text === undefined) return active;
    try {
      return this.#inner.fromMetadata(active, text);
    } catch (error) {
      reportError(error, 'in the inner telemetry of a job, which cannot read its metadata');
      return active;
    }
  }

  #carrierOf(unit: Unit | undefined, queueName: string | undefined): string | undefined {
    const { sign } = this.#options;
    const audience = queueName ? { audience: queueName } : {};
    try {
      const carrier = injectContext(
        {},
        {
          context: carriedContext(),
          ...(sign !== undefined && { sign: { ...sign, ...audience } }),
        },
      );
      return carrier[CARRIER_KEY];
    } catch (error) {
      // A job that is over adds nothing any more. It is BullMQ, with the next job of a scheduler, which must not stop.
      if (unit?.ended && isWorkerUnit(unit)) return undefined;
      throw error;
    }
  }
}
