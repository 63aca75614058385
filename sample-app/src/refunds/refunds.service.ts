import { Injectable } from '@nestjs/common';
import { Span } from 'nestjs-contextvars/opentelemetry';
import { type AuditReport, AuditService } from '../audit/audit.service.js';
import { type Role, role } from '../identity/identity.variables.js';
import { LedgerService } from '../ledger/ledger.service.js';
import type { LedgerEntry } from '../ledger/ledger-entry.js';
import { OrdersService } from '../orders/orders.service.js';

export interface Refund {
  readonly orderId: string;
  readonly ledger: LedgerEntry;
  readonly audit: AuditReport;
  readonly after: { readonly role: Role };
}

@Injectable()
export class RefundsService {
  constructor(
    private readonly orders: OrdersService,
    private readonly ledger: LedgerService,
    private readonly audit: AuditService,
  ) {}

  @Span()
  async refund(orderId: string): Promise<Refund> {
    await this.orders.find(orderId);
    const [ledger, audit] = await Promise.all([this.ledger.credit(orderId), this.audit.read(orderId)]);
    return { orderId, ledger, audit, after: { role: role.get() } };
  }
}
