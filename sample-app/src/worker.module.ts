import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { ContextModule, scopedProvider } from 'nestjs-contextvars';
import { Caller } from './identity/caller.js';
import { INVOICES } from './invoices/invoice.js';
import { InvoicesProcessor } from './invoices/invoices.processor.js';

@Module({
  imports: [ContextModule.forRoot(), BullModule.registerQueue({ name: INVOICES })],
  providers: [scopedProvider(Caller), InvoicesProcessor],
})
export class WorkerModule {}
