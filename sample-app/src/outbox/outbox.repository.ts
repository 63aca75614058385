import { Injectable } from '@nestjs/common';
import { eq } from 'drizzle-orm';
import { injectContext } from 'nestjs-contextvars';
import { outbox } from '../database/schema.js';
import { Transactions } from '../database/transactions.js';

/** What a transaction wants done when it has been committed: a receipt for an order. */
@Injectable()
export class OutboxRepository {
  constructor(private readonly transactions: Transactions) {}

  /** With who asks, in which request; a role has no codec, and does not go along. */
  async add(orderId: string): Promise<void> {
    await this.transactions.tx.insert(outbox).values({ orderId, carrier: injectContext() });
  }

  async remove(orderId: string): Promise<void> {
    await this.transactions.tx.delete(outbox).where(eq(outbox.orderId, orderId));
  }
}
