import { Injectable } from '@nestjs/common';
import { and, eq, getTableColumns } from 'drizzle-orm';
import { orders, receipts } from '../database/schema.js';
import { Transactions } from '../database/transactions.js';
import type { PendingReceipt, Receipt } from './receipt.js';

const { tenant, user, role, requestId, text } = getTableColumns(receipts);

@Injectable()
export class ReceiptsRepository {
  constructor(private readonly transactions: Transactions) {}

  /** The first one stays, where a job runs twice. */
  async save({ orderId, user, role, requestId, text }: Receipt): Promise<void> {
    await this.transactions.tx
      .insert(receipts)
      .values({ orderId, user, role, requestId, text })
      .onConflictDoNothing();
  }

  /** Pending where there is an order and no receipt of it yet. */
  async find(orderId: string): Promise<Receipt | PendingReceipt | undefined> {
    const rows = await this.transactions.tx
      .select({ orderId: orders.id, receipt: { requestId, tenant, user, role, text } })
      .from(orders)
      .leftJoin(receipts, and(eq(receipts.tenant, orders.tenant), eq(receipts.orderId, orders.id)))
      .where(eq(orders.id, orderId));
    const [row] = rows;
    if (row === undefined) return undefined;
    if (row.receipt === null) return { orderId, status: 'pending' };
    return { orderId, status: 'written', ...row.receipt };
  }
}
