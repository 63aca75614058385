import { Injectable } from '@nestjs/common';
import { ledger } from '../database/schema.js';
import { Transactions } from '../database/transactions.js';
import type { LedgerEntry } from './ledger-entry.js';

@Injectable()
export class LedgerRepository {
  constructor(private readonly transactions: Transactions) {}

  async append(entry: LedgerEntry): Promise<void> {
    await this.transactions.tx.insert(ledger).values(entry);
  }
}
