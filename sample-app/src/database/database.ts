import { sql } from 'drizzle-orm';
import type { PgTransactionConfig } from 'drizzle-orm/pg-core';
import { tenant } from '../identity/identity.variables.js';
import { relayRole } from './schema.js';
import type { Queries, Store } from './store.js';
import { TransactionCount } from './transaction-count.js';

/** The data of all tenants, by transactions that are each of one tenant: that of the context in which it is begun. */
export class Database {
  readonly count = new TransactionCount();
  /** What `@nestjs-cls/transactional` works with: begins transactions as `transaction` does. */
  readonly client: Queries;

  constructor(private readonly store: Store) {
    const transaction = <R>(work: (queries: Queries) => Promise<R>, config?: PgTransactionConfig) =>
      this.transaction(work, config);
    this.client = Object.create(store.queries, { transaction: { value: transaction } }) as Queries;
  }

  get kind(): Store['kind'] {
    return this.store.kind;
  }

  get connections(): number {
    return this.store.connections;
  }

  /** Where the context has no tenant, it is for nobody: no rows, and none can be written. */
  transaction<R>(work: (queries: Queries) => Promise<R>, config?: PgTransactionConfig): Promise<R> {
    const ofTenant = sql`select set_config('app.tenant', ${tenant.get('')}, true)`;
    return this.#begin(ofTenant, work, config);
  }

  /** For what is to be sent, of all tenants. Sees nothing else. */
  relayTransaction<R>(work: (queries: Queries) => Promise<R>): Promise<R> {
    return this.#begin(sql.raw(`set local role ${relayRole.name}`), work);
  }

  close(): Promise<void> {
    return this.store.close();
  }

  #begin<R>(
    first: ReturnType<typeof sql>,
    work: (queries: Queries) => Promise<R>,
    config?: PgTransactionConfig,
  ): Promise<R> {
    const counted = this.count.begin();
    return this.store
      .transaction(
        async (queries) => {
          counted.open();
          await queries.execute(first);
          return work(queries);
        },
        // Drizzle makes an incomplete statement of options that are there and empty.
        config && Object.keys(config).length > 0 ? config : undefined,
      )
      .finally(() => counted.end());
  }
}
