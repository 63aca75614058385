import { setTimeout as hop } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Span } from 'nestjs-contextvars/opentelemetry';
import { role } from '../identity/identity.variables.js';
import { priceLists } from './price-lists.js';

const logger = new Logger('PriceConnection');

/** A connection to where the prices are kept, lent by the pool to one request, until that ends. */
export class PriceConnection implements AsyncDisposable {
  constructor(
    private readonly number: number,
    private readonly giveBack: () => void,
  ) {}

  /** One round trip for all of `items`; null for what is not on the tenant's list. */
  @Span()
  async lookUp(tenant: string, items: readonly string[]): Promise<(number | null)[]> {
    logger.log(`connection ${this.number} looks up ${items.length} prices as ${role.get()}`);
    await hop(3);
    const prices = priceLists.get(tenant);
    return items.map((item) => prices?.get(item) ?? null);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await hop(1);
    logger.log(`connection ${this.number} goes back`);
    this.giveBack();
  }
}
