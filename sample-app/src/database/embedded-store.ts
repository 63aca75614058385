import { mkdir } from 'node:fs/promises';
import { setImmediate as macrotask } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import type { PgTransactionConfig } from 'drizzle-orm/pg-core';
import { drizzle, type PgliteDatabase } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import { migrations } from './migrations.js';
import type { Queries, Store } from './store.js';

/**
 * PostgreSQL in this process. It has one session: of two transactions the second begins when the first has ended, and so does
 * every query that is made outside of it. Whoever waits for one of those inside a transaction waits for ever.
 */
export class EmbeddedStore implements Store {
  readonly kind = 'embedded';
  readonly connections = 1;

  private constructor(readonly queries: PgliteDatabase & { $client: PGlite }) {}

  /** @param folder is made where it is missing; without one the data is in memory, and gone with the process. */
  static async open(folder?: string): Promise<EmbeddedStore> {
    if (folder !== undefined) await mkdir(folder, { recursive: true });
    const client = await PGlite.create(folder === undefined ? {} : { dataDir: folder });
    const queries = drizzle(client);
    await migrate(queries, migrations);
    // Its user is a superuser, for whom no policy holds. From here on the only session is not.
    await client.exec('set role desk_application');
    return new EmbeddedStore(queries);
  }

  transaction<R>(work: (queries: Queries) => Promise<R>, config?: PgTransactionConfig): Promise<R> {
    return this.queries.transaction(async (queries) => {
      // A query is answered before anything else is looked at. Under load, sockets, threads and timers would get no turn.
      await macrotask();
      return work(queries);
    }, config);
  }

  close(): Promise<void> {
    return this.queries.$client.close();
  }
}
