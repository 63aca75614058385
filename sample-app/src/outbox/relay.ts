import { InjectQueue } from '@nestjs/bullmq';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Job, JobsOptions, Queue } from 'bullmq';
import { ContextError, extractContext, runUnitOfWork } from 'nestjs-contextvars';
import { RECEIPTS, type ReceiptJob } from '../receipts/receipt.js';
import { type WaitingRow, WaitingRows } from './waiting-rows.js';

const LOOK_EVERY_MS = 5_000;
/** A receipt that takes longer than this has lost its job. */
const LOST_AFTER_MS = 60_000;
const AT_ONCE = 25;
/** Where many jobs are waiting, telling the queue of all of them again would hold them up. */
const RESENT_AT_ONCE = 500;

const options: JobsOptions = {
  attempts: 5,
  backoff: { type: 'exponential', delay: 200 },
  removeOnComplete: { count: 1_000 },
};

/**
 * Has the queue told of what stands in the outbox: at once where something has been committed, at the start and from time to
 * time for what a process that was stopped has left. Telling it twice does no harm: a job has the id of its order.
 */
@Injectable()
export class Relay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new Logger(Relay.name);
  #timer: NodeJS.Timeout | undefined;
  #passing: Promise<void> | undefined;
  #wanted = false;

  constructor(
    private readonly rows: WaitingRows,
    @InjectQueue(RECEIPTS) private readonly queue: Queue<ReceiptJob>,
  ) {}

  onApplicationBootstrap(): void {
    // Not waited for: it may be much.
    void this.sendAgain(0, Number.MAX_SAFE_INTEGER);
    this.wake();
    this.#timer = setInterval(() => {
      void this.sendAgain(LOST_AFTER_MS);
      this.wake();
    }, LOOK_EVERY_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.idle();
  }

  /** Something has been committed. Does not wait for the queue. */
  wake(): void {
    this.#wanted = true;
    this.#passing ??= this.#inUnitOfItsOwn(() => this.#pass()).finally(() => {
      this.#passing = undefined;
    });
  }

  /** Settles when the queue has been told of all that was committed before. */
  async idle(): Promise<void> {
    await this.#passing;
  }

  /** What was sent so many ms ago or earlier: its job may be lost, have failed as often as it may, or still be waiting. */
  sendAgain(afterMs: number, atMost = RESENT_AT_ONCE): Promise<void> {
    return this.#inUnitOfItsOwn(async () => {
      await this.#sendAll(await this.rows.takeSent(afterMs, atMost), async (row) => {
        const job = await this.#send(row);
        const state = await job.getState();
        if (state === 'failed' || state === 'completed') await job.retry(state);
      });
    });
  }

  async #pass(): Promise<void> {
    const failed: WaitingRow[] = [];
    while (this.#wanted) {
      this.#wanted = false;
      for (let rows = await this.rows.takeNew(); rows.length > 0; rows = await this.rows.takeNew()) {
        failed.push(...(await this.#sendAll(rows, (row) => this.#send(row))));
      }
    }
    if (failed.length > 0) await this.rows.putBack(failed);
  }

  /** Gives those that the next look is for. */
  async #sendAll(
    rows: readonly WaitingRow[],
    send: (row: WaitingRow) => Promise<unknown>,
  ): Promise<WaitingRow[]> {
    const failed: WaitingRow[] = [];
    const rest = rows.values();
    const sender = async () => {
      for (const row of rest) {
        await send(row).catch((error: unknown) => {
          this.#logger.error(`cannot send ${row.orderId}`, error);
          // A carrier that cannot be read will not be readable in five seconds either.
          if (!(error instanceof ContextError)) failed.push(row);
        });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sender));
    return failed;
  }

  /** As whoever placed the order: the context that the job is given is theirs, not that of who wakes the relay. */
  async #send({ orderId, carrier }: WaitingRow): Promise<Job<ReceiptJob>> {
    const context = extractContext(carrier);
    return runUnitOfWork({ kind: 'relay', context }, () =>
      this.queue.add('write', { orderId }, { ...options, jobId: orderId }),
    );
  }

  #inUnitOfItsOwn(work: () => Promise<void>): Promise<void> {
    return runUnitOfWork({ kind: 'relay' }, work).catch((error: unknown) => {
      this.#logger.error('cannot look into the outbox', error);
    });
  }
}
