import { setTimeout as hop } from 'node:timers/promises';
import { Injectable, Logger, NotFoundException } from '@nestjs/common';
import { PreserveContext } from 'nestjs-contextvars';
import { Caller } from '../identity/caller.js';
import { role } from '../identity/identity.variables.js';
import type { PendingReceipt, Receipt } from './receipt.js';
import { ReceiptsRepository } from './receipts.repository.js';

@Injectable()
export class ReceiptsService {
  readonly #logger = new Logger(ReceiptsService.name);

  constructor(
    private readonly receipts: ReceiptsRepository,
    private readonly caller: Caller,
  ) {}

  /** A background job: goes on after the request was answered, as whoever asked. */
  @PreserveContext({ background: true })
  async write(orderId: string): Promise<void> {
    this.receipts.save({ orderId, status: 'pending' });
    for (const step of ['renders', 'signs', 'files']) {
      await hop(2 + Math.random() * 8);
      this.#logger.log(`${step} the receipt of ${orderId}`);
    }
    const { requestId, tenant, user } = this.caller;
    this.receipts.save({ orderId, status: 'written', requestId, tenant, user, role: role.get() });
  }

  async read(orderId: string): Promise<Receipt | PendingReceipt> {
    if (this.receipts.find(orderId)?.status === 'pending') await this.receipts.written(orderId, 1000);
    const receipt = this.receipts.find(orderId);
    if (!receipt) throw new NotFoundException(`There is no receipt of an order '${orderId}'`);
    return receipt;
  }
}
