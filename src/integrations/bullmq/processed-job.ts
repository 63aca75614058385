import { Context, ContextError, ContextVar, extractContext, runUnitOfWork } from '../../core/index.js';
import {
  CARRIER_KEY,
  currentFrame,
  type Frame,
  firstLoaded,
  forgetForeign,
  meetEntry,
  reportError,
  type Unit,
} from '../../core/internal.js';
import type { JobContextOptions } from './job-context.options.js';
import type { JobMetadata } from './job-metadata.js';
import { allowReads, refusedJob, refuseReads } from './refused-context.js';

/** Units in which BullMQ adds jobs of schedulers for nobody: of jobs, and those that a worker was created in. */
const workerUnits = new WeakSet<Unit>();

export function markWorkerUnit(unit: Unit | undefined): void {
  if (unit !== undefined) workerUnits.add(unit);
}

export function isWorkerUnit(unit: Unit | undefined): boolean {
  return unit !== undefined && workerUnits.has(unit);
}

/** How BullMQ names the jobs that a scheduler makes. */
const SCHEDULED = /^repeat:/;

/** Captured with the context, so that a task or preserved call of a job knows what it is a part of. */
const beingProcessed = firstLoaded('bullmq.job', () => new ContextVar<ProcessedJob>('bullmq.job'));

/** A job that is being worked off; the state of its unit. */
export class ProcessedJob {
  readonly metadata: JobMetadata;
  readonly queueName: string;
  /** Why its carrier was refused; undefined where it was not, or need not be looked at. */
  refusal: ContextError | undefined;
  id: string | undefined;
  readonly #options: JobContextOptions;
  readonly #context: Context;
  #unit: Unit | undefined;

  private constructor(metadata: JobMetadata, queueName: string, options: JobContextOptions) {
    this.metadata = metadata;
    this.queueName = queueName;
    this.#options = options;
    this.#context = this.#extract();
  }

  /** Runs `fn` in a unit of work of its own, with what the job brought and nothing else. */
  static run<R>(
    metadata: JobMetadata,
    queueName: string,
    options: JobContextOptions,
    fn: (job: ProcessedJob) => R,
  ): R {
    const job = new ProcessedJob(metadata, queueName, options);
    return runUnitOfWork({ kind: 'job', name: queueName || undefined, context: job.#context }, () => {
      const { unit, cell } = currentFrame() as Frame;
      unit.state = job;
      job.#unit = unit;
      markWorkerUnit(unit);
      beingProcessed.set(job);
      if (job.refusal !== undefined) job.#refuse(cell, job.refusal);
      return fn(job);
    });
  }

  /** The job that the running code works off, where it is in the very unit of it. */
  static current(): ProcessedJob | undefined {
    const state = currentFrame()?.unit.state;
    return state instanceof ProcessedJob ? state : undefined;
  }

  /**
   * The job that the running code is a part of, in tasks and preserved calls too.
   *
   * @throws ContextError ERR_INVALID_CARRIER where the carrier of that was refused.
   */
  static around(): ProcessedJob | undefined {
    return beingProcessed.get(undefined);
  }

  isOf(queueName: string, id: unknown): boolean {
    return this.queueName === queueName && this.id === id;
  }

  /** Called inside, before the processor, as soon as it is known which job it is. */
  identify(id: unknown): void {
    if (this.id !== undefined || typeof id !== 'string') return;
    this.id = id;
    if (!SCHEDULED.test(id)) return;
    if (this.#options.schedulers === 'empty' || this.metadata.inWorker) this.#forget();
  }

  /** Called inside, where another telemetry has opened its span for the job. */
  meetEntry(): void {
    if (this.#unit !== undefined) meetEntry(this.#unit);
  }

  /** Ends its unit, if that has not ended; whoever opened it waits for what that takes. */
  end(): void {
    void this.#unit?.end();
  }

  /** The processor is done: whoever logs that may read variables again. */
  allowReads(): void {
    const frame = currentFrame();
    if (this.refusal !== undefined && frame !== undefined) allowReads(frame.cell);
  }

  #extract(): Context {
    const { carrier } = this.metadata;
    const { verify, accept, acceptIds, required } = this.#options;
    try {
      return extractContext(carrier === undefined ? {} : { [CARRIER_KEY]: carrier }, {
        ...(accept !== undefined && { accept }),
        ...(acceptIds !== undefined && { acceptIds }),
        ...(required !== undefined && { required }),
        ...(verify !== undefined && { verify: { ...verify, audience: this.queueName } }),
      });
    } catch (error) {
      // Also one of `accept` and of the keys: whatever it is, there is no context.
      this.refusal = refusedJob(this.queueName, error);
      return new Context();
    }
  }

  #refuse(cell: Frame['cell'], refusal: ContextError): void {
    if (this.#options.onInvalid === 'empty') {
      this.refusal = undefined;
      reportError(refusal, 'at the start of a job, which goes on with an empty context');
    } else {
      refuseReads(cell, () => refusedJob(this.queueName, refusal.cause));
    }
  }

  /**
   * What was carried was not meant for this job. Whoever asks for something that must be there is refused all the same: that
   * it is a job of a scheduler says its id and its metadata, and both can be written by anybody who can add jobs.
   */
  #forget(): void {
    const { cell, unit } = currentFrame() as Frame;
    const { verify, required = [] } = this.#options;
    if (this.refusal !== undefined && (verify !== undefined || required.length > 0)) return;
    if (this.refusal !== undefined) allowReads(cell);
    this.refusal = undefined;
    forgetForeign(unit);
    for (const variable of [...this.#context.keys()])
      if (variable !== beingProcessed) cell.unset(variable.index);
    if (required.length === 0) return;
    const missing = new ContextError(
      'ERR_INVALID_CARRIER',
      'It is a job of a scheduler, which carries nothing here, and variables are required.',
    );
    this.refusal = refusedJob(this.queueName, missing);
    this.#refuse(cell, this.refusal);
  }
}
