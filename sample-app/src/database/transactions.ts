import type { Type } from '@nestjs/common';
import { TransactionHost } from '@nestjs-cls/transactional';
import type { TransactionalAdapterDrizzleOrm } from '@nestjs-cls/transactional-adapter-drizzle-orm';
import type { Queries } from './store.js';

/** Gives repositories the transaction that a `@Transactional()` method above them has begun: `transactions.tx`. */
export type Transactions = TransactionHost<TransactionalAdapterDrizzleOrm<Queries>>;
export const Transactions: Type<Transactions> = TransactionHost;
