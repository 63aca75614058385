import { setTimeout as hop } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { WithTempContext } from 'nestjs-contextvars';
import { Span } from 'nestjs-contextvars/opentelemetry';
import { role } from '../identity/identity.variables.js';
import type { Order } from '../orders/order.js';
import { LedgerRepository } from './ledger.repository.js';
import type { LedgerEntry } from './ledger-entry.js';

@Injectable()
export class LedgerService {
  readonly #logger = new Logger(LedgerService.name);

  constructor(private readonly ledger: LedgerRepository) {}

  /** Has the role until the call settles; only what it calls and awaits has it too. */
  @Span()
  @WithTempContext(role.as('ledger-writer'))
  async credit(order: Order): Promise<LedgerEntry> {
    await hop(5);
    this.#logger.log(`credits ${order.id} as ${role.get()}`);
    await hop(5);
    return this.ledger.append(order);
  }
}
