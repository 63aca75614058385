import { ForbiddenException, Injectable } from '@nestjs/common';
import { role } from '../identity/identity.variables.js';
import type { Order } from '../orders/order.js';
import { TenantRows } from '../tenancy/tenant-rows.js';
import type { LedgerEntry } from './ledger-entry.js';

@Injectable()
export class LedgerRepository {
  readonly #rows = new TenantRows<LedgerEntry>();

  /** Takes back what was sold. Only for `ledger-writer`. */
  append(order: Order): LedgerEntry {
    if (role.get() !== 'ledger-writer')
      throw new ForbiddenException('The ledger needs the role ledger-writer');
    const entry: LedgerEntry = { orderId: order.id, quantity: -order.quantity, role: role.get() };
    this.#rows.set(order.id, entry);
    return entry;
  }
}
