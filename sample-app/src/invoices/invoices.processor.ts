import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger } from '@nestjs/common';
import type { Job } from 'bullmq';
import { Caller } from '../identity/caller.js';
import { role } from '../identity/identity.variables.js';
import { INVOICES, type Invoice, type InvoiceJob } from './invoice.js';

@Processor(INVOICES, { concurrency: 10 })
export class InvoicesProcessor extends WorkerHost {
  readonly #logger = new Logger(InvoicesProcessor.name);

  constructor(private readonly caller: Caller) {
    super();
  }

  async process({ data: { orderId } }: Job<InvoiceJob>): Promise<Invoice> {
    this.#logger.log(`writes the invoice of ${orderId}`);
    const { requestId, correlationId, tenant, user } = this.caller;
    return {
      orderId,
      status: 'written',
      requestId,
      correlationId,
      tenant,
      user,
      role: role.get('none'),
      writtenBy: process.pid,
    };
  }
}
