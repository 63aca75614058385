import { ConflictException, Injectable, Logger, NotFoundException } from '@nestjs/common';
import { Transactional } from '@nestjs-cls/transactional';
import { Span } from 'nestjs-contextvars/opentelemetry';
import { Caller } from '../identity/caller.js';
import { OutboxRepository } from '../outbox/outbox.repository.js';
import { Relay } from '../outbox/relay.js';
import type { NewOrder, Order } from './order.js';
import { OrdersRepository } from './orders.repository.js';

@Injectable()
export class OrdersService {
  readonly #logger = new Logger(OrdersService.name);

  constructor(
    private readonly orders: OrdersRepository,
    private readonly outbox: OutboxRepository,
    private readonly relay: Relay,
    private readonly caller: Caller,
  ) {}

  @Span()
  async place(wanted: NewOrder): Promise<Order> {
    const order = await this.save(wanted);
    this.#logger.log(`placed ${order.id}`);
    // Committed, and its receipt with it. The answer waits neither for the receipt nor for the queue.
    this.relay.wake();
    return order;
  }

  @Transactional()
  list(): Promise<Order[]> {
    return this.orders.list();
  }

  @Transactional()
  listLast(count: number): Promise<Order[]> {
    return this.orders.listLast(count);
  }

  @Transactional()
  async find(id: string): Promise<Order> {
    const order = await this.orders.find(id);
    if (!order) throw new NotFoundException(`There is no order '${id}'`);
    return order;
  }

  @Transactional()
  async claimRefund(id: string): Promise<Order> {
    const refunded = await this.orders.markRefunded(id);
    if (refunded) return refunded;
    await this.find(id);
    throw new ConflictException(`Order '${id}' is refunded already`);
  }

  @Transactional()
  protected async save(wanted: NewOrder): Promise<Order> {
    const { user: placedBy, requestId } = this.caller;
    const order = await this.orders.insert({ ...wanted, placedBy, requestId });
    await this.outbox.add(order.id);
    return order;
  }
}
