import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { INVOICES } from '../invoices/invoice.js';
import { InvoicesProcessor } from '../invoices/invoices.processor.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { ReceiptNewsModule } from '../receipts/receipt-news.module.js';
import { ReceiptThreads } from '../receipts/receipt-threads.js';
import { ReceiptWriter } from '../receipts/receipt-writer.js';
import { ReceiptsProcessor } from '../receipts/receipts.processor.js';
import { ReceiptsRepository } from '../receipts/receipts.repository.js';
import { LastJobs } from './last-jobs.js';

/** Works off the jobs: in the application itself or in the worker beside it. */
@Module({
  imports: [OutboxModule, ReceiptNewsModule, BullModule.registerQueue({ name: INVOICES })],
  providers: [
    ReceiptsProcessor,
    ReceiptWriter,
    ReceiptThreads,
    ReceiptsRepository,
    InvoicesProcessor,
    LastJobs,
  ],
})
export class JobsModule {}
