import { currentFrame, requireFunction, type Unit, wrapMethod } from '../../core/internal.js';
import { checkedOptions, type JobContextOptions } from './job-context.options.js';
import { readMetadata } from './job-metadata.js';
import { ProcessedJob } from './processed-job.js';

/** What is looked at of a job: BullMQ's, and what a sandboxed processor is given in its place. */
export interface CarryingJob {
  readonly id?: string | undefined;
  readonly queueName: string;
  readonly opts: { readonly telemetry?: { readonly metadata?: string } };
}

/**
 * A processor as one that runs in the context that its job brought, as a unit of work of kind `job`. For sandboxed
 * processors, which run in a process or thread where no telemetry is; elsewhere it adds to `contextTelemetry`, whose unit
 * it then joins:
 * a job whose carrier is refused fails before the processor begins, and the signal of the unit (`currentUnit().signal`)
 * aborts when BullMQ cancels the job.
 *
 * @throws TypeError where an argument has the wrong type.
 *
 * @example
 * // invoice.processor.mjs, which a Worker is given the path of
 * export default withJobContext(async (job) => writeInvoice(tenant.get(), job.data.orderId));
 */
export function withJobContext<J extends CarryingJob, R>(
  processor: (job: J, token?: string, signal?: AbortSignal) => R,
  options?: JobContextOptions,
): (job: J, token?: string, signal?: AbortSignal) => R {
  requireFunction('withJobContext', processor);
  const checked = checkedOptions('withJobContext', options);
  const wrapped = inJobContext(processor as Processor, checked) as typeof processor;
  return Object.defineProperty(wrapped, 'name', { value: processor.name, configurable: true });
}

/**
 * Does to the method `process` of a `WorkerHost` (`@nestjs/bullmq`) what {@link withJobContext} does to a processor.
 *
 * @throws TypeError where it does not decorate a method, or an option has the wrong type.
 *
 * @example
 * \@Processor('invoices')
 * class InvoicesProcessor extends WorkerHost {
 *   \@WithJobContext()
 *   async process(job: Job<{ orderId: number }>) { ... }
 * }
 */
export function WithJobContext(options?: JobContextOptions): MethodDecorator {
  const checked = checkedOptions('@WithJobContext', options);
  const wrap = wrapMethod('@WithJobContext', (method) => inJobContext(method as Processor, checked));
  return (target, key, descriptor) => {
    wrap(target, key, descriptor);
    // BullMQ counts them: it makes a signal only for processors that take one.
    Object.defineProperty(descriptor.value, 'length', { value: 3, configurable: true });
  };
}

type Processor = (job: CarryingJob, token?: string, signal?: AbortSignal) => unknown;

function inJobContext(processor: Processor, options: JobContextOptions): Processor {
  return function (this: unknown, job, token, signal) {
    const call = (processed: ProcessedJob): unknown => {
      if (processed.refusal !== undefined) throw processed.refusal;
      abortWith(signal, currentFrame()?.unit);
      return Reflect.apply(processor, this, [job, token, signal]);
    };
    const around = ProcessedJob.around();
    // Not taken from the job anew, also where this is a task of its own by now: whoever opened it may have asked for more.
    if (around?.isOf(job.queueName, job.id)) return call(around);
    const metadata = readMetadata(job.opts?.telemetry?.metadata);
    return ProcessedJob.run(metadata, job.queueName, options, (processed) => {
      processed.identify(job.id);
      return call(processed);
    });
  };
}

/** BullMQ makes one signal per job, so the listener goes with it. */
function abortWith(signal: AbortSignal | undefined, unit: Unit | undefined): void {
  if (signal === undefined || unit === undefined) return;
  // At the base of the unit: listeners would else run in the context of whoever cancels the job.
  const abort = () => unit.enter(() => unit.abort(signal.reason));
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
}
