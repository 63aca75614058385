import { Processor, WorkerHost } from '@nestjs/bullmq';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Job } from 'bullmq';
import { WithJobContext } from 'nestjs-contextvars/bullmq';
import { RECEIPTS, RECEIPTS_AT_ONCE, type ReceiptJob } from './receipt.js';
import { ReceiptThreads } from './receipt-threads.js';
import { ReceiptWriter } from './receipt-writer.js';

@Processor(RECEIPTS, {
  concurrency: RECEIPTS_AT_ONCE,
  // In ms. A job takes some of them; one whose process was killed is given to another one soon, as often as that happens.
  lockDuration: 10_000,
  stalledInterval: 2_500,
  maxStalledCount: 100,
})
export class ReceiptsProcessor extends WorkerHost implements OnApplicationShutdown {
  constructor(
    private readonly writer: ReceiptWriter,
    private readonly threads: ReceiptThreads,
  ) {
    super();
  }

  /** The threads after the last job that needs them. */
  async onApplicationShutdown(): Promise<void> {
    await this.worker.close();
    await this.threads.close();
  }

  @WithJobContext()
  process({ data: { orderId } }: Job<ReceiptJob>): Promise<void> {
    return this.writer.write(orderId);
  }
}
