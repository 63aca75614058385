import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, NotFoundException } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { WithTempContext } from 'nestjs-contextvars';
import { Caller } from '../identity/caller.js';
import { role } from '../identity/identity.variables.js';
import { OrdersService } from '../orders/orders.service.js';
import { INVOICES, type Invoice, type InvoiceJob, type PendingInvoice } from './invoice.js';

@Injectable()
export class InvoicesService {
  constructor(
    @InjectQueue(INVOICES) private readonly queue: Queue<InvoiceJob, Invoice>,
    private readonly orders: OrdersService,
    private readonly caller: Caller,
  ) {}

  /** Has an invoice written by a worker. Who asks is in the context, and that goes along with the job; the role does not. */
  @WithTempContext(role.as('ledger-writer'))
  async request(orderId: string): Promise<PendingInvoice> {
    await this.orders.find(orderId);
    await this.queue.add('write', { orderId }, { jobId: this.#jobId(orderId) });
    return { orderId, status: 'pending' };
  }

  async read(orderId: string): Promise<Invoice | PendingInvoice> {
    const job = await this.queue.getJob(this.#jobId(orderId));
    if (!job) throw new NotFoundException(`Nobody has asked for an invoice of order '${orderId}'`);
    return job.returnvalue ?? { orderId, status: 'pending' };
  }

  /** One for each order, which only its own tenant can name. */
  #jobId(orderId: string): string {
    return `${this.caller.tenant}-${orderId}`;
  }
}
