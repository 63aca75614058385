import type { PgDatabase, PgQueryResultHKT, PgTransactionConfig } from 'drizzle-orm/pg-core';

/** What queries are written with, the same on an embedded database and on a server. */
export type Queries = PgDatabase<PgQueryResultHKT>;

/** One of the two places where the data may be. */
export interface Store {
  readonly kind: 'embedded' | 'server';
  /** How many transactions can be open at once. */
  readonly connections: number;
  /** Outside of any transaction, so for no tenant: row-level security shows it no rows. */
  readonly queries: Queries;
  transaction<R>(work: (queries: Queries) => Promise<R>, config?: PgTransactionConfig): Promise<R>;
  close(): Promise<void>;
}
