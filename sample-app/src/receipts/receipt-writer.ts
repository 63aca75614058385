import { setTimeout as hop } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Transactional } from '@nestjs-cls/transactional';
import { Span } from 'nestjs-contextvars/opentelemetry';
import { Caller } from '../identity/caller.js';
import { role } from '../identity/identity.variables.js';
import { OutboxRepository } from '../outbox/outbox.repository.js';
import type { Receipt } from './receipt.js';
import { ReceiptNews } from './receipt-news.js';
import { ReceiptThreads } from './receipt-threads.js';
import { ReceiptsRepository } from './receipts.repository.js';

/** Works as whoever placed the order, in whatever process and however much later: the job has brought who that was. */
@Injectable()
export class ReceiptWriter {
  readonly #logger = new Logger(ReceiptWriter.name);

  constructor(
    private readonly receipts: ReceiptsRepository,
    private readonly outbox: OutboxRepository,
    private readonly news: ReceiptNews,
    private readonly threads: ReceiptThreads,
    private readonly caller: Caller,
  ) {}

  @Span()
  async write(orderId: string): Promise<void> {
    this.#logger.log(`renders the receipt of ${orderId}`);
    const text = await this.threads.set(orderId);
    this.#logger.log(`signs the receipt of ${orderId}`);
    await hop(2 + Math.random() * 8);
    const { requestId, tenant, user } = this.caller;
    await this.file({ orderId, status: 'written', requestId, tenant, user, role: role.get('none'), text });
    this.#logger.log(`files the receipt of ${orderId}`);
    this.news.tell(orderId);
  }

  /** Both or neither: an order is in the outbox for as long as it has no receipt. */
  @Transactional()
  protected async file(receipt: Receipt): Promise<void> {
    await this.receipts.save(receipt);
    await this.outbox.remove(receipt.orderId);
  }
}
