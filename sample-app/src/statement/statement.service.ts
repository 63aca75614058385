import { Injectable } from '@nestjs/common';
import { Span } from 'nestjs-contextvars/opentelemetry';
import { Caller } from '../identity/caller.js';
import type { Order } from '../orders/order.js';
import { OrdersService } from '../orders/orders.service.js';
import { PriceLoader } from '../prices/price-loader.js';
import type { Statement, StatementLine } from './statement.js';

@Injectable()
export class StatementService {
  constructor(
    private readonly orders: OrdersService,
    private readonly prices: PriceLoader,
    private readonly caller: Caller,
  ) {}

  @Span()
  async draw(): Promise<Statement> {
    const placed = (await this.orders.list()).filter(({ status }) => status === 'placed');
    const lines = await Promise.all(placed.map((order) => this.#line(order)));
    const total = lines.reduce((sum, { amount }) => sum + (amount ?? 0), 0);
    const { tenant, user } = this.caller;
    return { tenant, user, lines, total };
  }

  /** Knows nothing of other lines: the loader makes one look-up of all that they ask for. */
  async #line({ id: orderId, item, quantity }: Order): Promise<StatementLine> {
    const price = await this.prices.of(item);
    return { orderId, item, quantity, price, amount: price && price * quantity };
  }
}
