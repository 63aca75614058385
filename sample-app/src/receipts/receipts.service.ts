import { setTimeout as hop } from 'node:timers/promises';
import { Injectable, Logger, NotFoundException, type OnApplicationBootstrap } from '@nestjs/common';
import { PreserveContext } from 'nestjs-contextvars';
import { Span } from 'nestjs-contextvars/opentelemetry';
import { runInWorker } from 'nestjs-contextvars/worker';
import { Caller } from '../identity/caller.js';
import { role } from '../identity/identity.variables.js';
import type { PendingReceipt, Receipt } from './receipt.js';
import type setReceipt from './receipt-thread.js';
import type { ready } from './receipt-thread.js';
import { ReceiptsRepository } from './receipts.repository.js';

const receiptThread = new URL('./receipt-thread.js', import.meta.url);

@Injectable()
export class ReceiptsService implements OnApplicationBootstrap {
  readonly #logger = new Logger(ReceiptsService.name);

  constructor(
    private readonly receipts: ReceiptsRepository,
    private readonly caller: Caller,
  ) {}

  /** The first receipt does not wait until a thread has loaded. */
  async onApplicationBootstrap(): Promise<void> {
    await runInWorker<typeof ready>(receiptThread, undefined, { name: 'ready' });
  }

  /** A background job: goes on after the request was answered, as whoever asked. */
  @PreserveContext({ background: true })
  @Span()
  async write(orderId: string): Promise<void> {
    this.receipts.save({ orderId, status: 'pending' });
    this.#logger.log(`renders the receipt of ${orderId}`);
    const text = await runInWorker<typeof setReceipt>(receiptThread, orderId);
    for (const step of ['signs', 'files']) {
      await hop(2 + Math.random() * 8);
      this.#logger.log(`${step} the receipt of ${orderId}`);
    }
    const { requestId, tenant, user } = this.caller;
    this.receipts.save({ orderId, status: 'written', requestId, tenant, user, role: role.get(), text });
  }

  async read(orderId: string): Promise<Receipt | PendingReceipt> {
    if (this.receipts.find(orderId)?.status === 'pending') await this.receipts.written(orderId, 10_000);
    const receipt = this.receipts.find(orderId);
    if (!receipt) throw new NotFoundException(`There is no receipt of an order '${orderId}'`);
    return receipt;
  }
}
