import { Injectable } from '@nestjs/common';
import { TenantRows } from '../tenancy/tenant-rows.js';
import type { Order } from './order.js';

@Injectable()
export class OrdersRepository {
  readonly #rows = new TenantRows<Order>();
  #last = 0;

  nextId(): string {
    this.#last += 1;
    return `order-${this.#last}`;
  }

  save(order: Order): void {
    this.#rows.set(order.id, order);
  }

  find(id: string): Order | undefined {
    return this.#rows.get(id);
  }

  list(): Order[] {
    return this.#rows.list();
  }
}
