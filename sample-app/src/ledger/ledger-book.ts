import { ForbiddenException, Injectable, Logger } from '@nestjs/common';
import { Transactional } from '@nestjs-cls/transactional';
import { ContextError } from 'nestjs-contextvars';
import { AuditTrail } from '../audit/audit-trail.js';
import { type Role, role } from '../identity/identity.variables.js';
import { OrdersService } from '../orders/orders.service.js';
import { LedgerRepository } from './ledger.repository.js';
import type { LedgerEntry } from './ledger-entry.js';

const ACTION = 'refund';

/** Where the ledger is written. Only for ledger-writer; whoever else tries is refused, and that is written down too. */
@Injectable()
export class LedgerBook {
  readonly #logger = new Logger(LedgerBook.name);

  constructor(
    private readonly orders: OrdersService,
    private readonly ledger: LedgerRepository,
    private readonly trail: AuditTrail,
  ) {}

  async takeBack(orderId: string): Promise<LedgerEntry> {
    const writer = await this.#roleFor(orderId);
    this.#logger.log(`credits ${orderId} as ${writer}`);
    return this.write(orderId, writer);
  }

  /** The order, the ledger and the audit, or none of them. */
  @Transactional()
  protected async write(orderId: string, writer: Role): Promise<LedgerEntry> {
    const order = await this.orders.claimRefund(orderId);
    const entry: LedgerEntry = { orderId, quantity: -order.quantity, role: writer };
    await this.ledger.append(entry);
    await this.trail.done(writer, ACTION, orderId);
    return entry;
  }

  async #roleFor(orderId: string): Promise<Role> {
    try {
      const present = role.get();
      if (present === 'ledger-writer') return present;
      await this.trail.refused(present, ACTION, orderId, 'the role is another one');
    } catch (error) {
      // Work that was left running has no role any more, neither the higher one nor that of the caller.
      if (!(error instanceof ContextError)) throw error;
      await this.trail.refused('none', ACTION, orderId, error.code);
      throw error;
    }
    throw new ForbiddenException('The ledger needs the role ledger-writer');
  }
}
