import { Injectable } from '@nestjs/common';
import { and, asc, desc, eq, getTableColumns } from 'drizzle-orm';
import { orders } from '../database/schema.js';
import { Transactions } from '../database/transactions.js';
import type { NewOrder, Order } from './order.js';

const { id, item, quantity, tenant, placedBy, status } = getTableColumns(orders);
const columns = { id, item, quantity, tenant, placedBy, status };

/** Says nowhere for which tenant: the transaction is for one, and the database keeps to it. */
@Injectable()
export class OrdersRepository {
  constructor(private readonly transactions: Transactions) {}

  async insert(order: NewOrder & { placedBy: string; requestId: string }): Promise<Order> {
    const [row] = await this.transactions.tx.insert(orders).values(order).returning(columns);
    return row as Order;
  }

  async find(orderId: string): Promise<Order | undefined> {
    const [row] = await this.transactions.tx.select(columns).from(orders).where(eq(id, orderId));
    return row;
  }

  /** For the first who asks: nothing for those who ask after it, or at the same time. */
  async markRefunded(orderId: string): Promise<Order | undefined> {
    const [row] = await this.transactions.tx
      .update(orders)
      .set({ status: 'refunded' })
      .where(and(eq(id, orderId), eq(status, 'placed')))
      .returning(columns);
    return row;
  }

  /** As they were placed. */
  async list(): Promise<Order[]> {
    return this.transactions.tx.select(columns).from(orders).orderBy(asc(orders.number));
  }

  async listLast(count: number): Promise<Order[]> {
    const rows = await this.transactions.tx
      .select(columns)
      .from(orders)
      .orderBy(desc(orders.number))
      .limit(count);
    return rows.reverse();
  }
}
