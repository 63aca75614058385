import { Injectable } from '@nestjs/common';
import { asc, getTableColumns } from 'drizzle-orm';
import { audit } from '../database/schema.js';
import { Transactions } from '../database/transactions.js';
import type { AuditEntry } from './audit-entry.js';

const { number, tenant, ...columns } = getTableColumns(audit);

/** Rows can be added and read. The database knows no other right. */
@Injectable()
export class AuditRepository {
  constructor(private readonly transactions: Transactions) {}

  async add(entry: AuditEntry): Promise<void> {
    await this.transactions.tx.insert(audit).values(entry);
  }

  /** Oldest first. */
  async list(): Promise<(AuditEntry & { at: Date })[]> {
    return this.transactions.tx.select(columns).from(audit).orderBy(asc(number));
  }
}
