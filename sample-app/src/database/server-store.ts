import { Logger } from '@nestjs/common';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import type { PgTransactionConfig } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { Lease } from './lease.js';
import { migrations } from './migrations.js';
import type { Queries, Store } from './store.js';

const logger = new Logger('Database');

/** One process at a time migrates; any number will do, if nobody else takes it. */
const MIGRATION_LOCK = 710_226;

/** PostgreSQL on a server, by a pool of connections. */
export class ServerStore implements Store {
  readonly kind = 'server';
  readonly queries: Queries;

  private constructor(
    private readonly pool: pg.Pool,
    readonly connections: number,
  ) {
    this.queries = drizzle(pool);
  }

  /** @param ownerUrl as whom tables are made; the application works without the rights that this takes. */
  static async open(url: string, ownerUrl: string, connections: number): Promise<ServerStore> {
    await migrateAs(ownerUrl);
    const pool = new pg.Pool({
      connectionString: url,
      max: connections,
      // From the first moment of a connection, whoever it logs in as.
      options: '-c role=desk_application',
    });
    // A server that restarts ends connections that nobody is using at the moment; the next one is a new one.
    const lost = (error: Error) => {
      if (!pool.ending) logger.warn(`a connection is lost: ${error.message}`);
    };
    pool.on('error', lost).on('connect', (client) => client.on('error', lost));
    return new ServerStore(pool, connections);
  }

  async transaction<R>(work: (queries: Queries) => Promise<R>, config?: PgTransactionConfig): Promise<R> {
    const client = await this.pool.connect();
    const lease = new Lease(client);
    try {
      return await drizzle(lease.client).transaction(work, config);
    } finally {
      lease.end();
      client.release();
    }
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}

async function migrateAs(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await migrate(drizzle(client), migrations);
  } finally {
    await client.end();
  }
}
