import { ConflictException, Injectable, Logger, NotFoundException } from '@nestjs/common';
import { Span } from 'nestjs-contextvars/opentelemetry';
import { Caller } from '../identity/caller.js';
import { ReceiptsService } from '../receipts/receipts.service.js';
import type { NewOrder, Order } from './order.js';
import { OrdersRepository } from './orders.repository.js';

@Injectable()
export class OrdersService {
  readonly #logger = new Logger(OrdersService.name);

  constructor(
    private readonly orders: OrdersRepository,
    private readonly receipts: ReceiptsService,
    private readonly caller: Caller,
  ) {}

  @Span()
  place(wanted: NewOrder): Order {
    const id = this.orders.nextId();
    const { tenant, user: placedBy } = this.caller;
    const order: Order = { id, ...wanted, tenant, placedBy, status: 'placed' };
    this.orders.save(order);
    this.#logger.log(`placed ${id}`);
    // Not awaited: the answer does not wait for the receipt, and the receipt does not need the request.
    void this.receipts.write(id);
    return order;
  }

  list(): Order[] {
    return this.orders.list();
  }

  find(id: string): Order {
    const order = this.orders.find(id);
    if (!order) throw new NotFoundException(`There is no order '${id}'`);
    return order;
  }

  /** Marks an order as refunded, for the first who asks; without a transaction, so before the ledger is written. */
  claimRefund(id: string): Order {
    const order = this.find(id);
    if (order.status === 'refunded') throw new ConflictException(`Order '${id}' is refunded already`);
    const refunded: Order = { ...order, status: 'refunded' };
    this.orders.save(refunded);
    return refunded;
  }
}
