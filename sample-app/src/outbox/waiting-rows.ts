import { Injectable } from '@nestjs/common';
import { count, inArray, isNull, type SQLWrapper, sql } from 'drizzle-orm';
import { Database } from '../database/database.js';
import { outbox } from '../database/schema.js';
import type { Queries } from '../database/store.js';

/** What the relay knows of an order. */
export interface WaitingRow {
  readonly orderId: string;
  readonly carrier: Record<string, string>;
}

const BATCH = 100;

/** The rows of the outbox, of all tenants, as the relay sees them. */
@Injectable()
export class WaitingRows {
  constructor(private readonly database: Database) {}

  /** Some that have never been sent. They are marked, so that nobody else takes them. */
  takeNew(): Promise<WaitingRow[]> {
    return this.#take((queries) =>
      queries
        .select({ number: outbox.number })
        .from(outbox)
        .where(isNull(outbox.sentAt))
        .orderBy(outbox.number)
        .limit(BATCH)
        // Another process takes the next ones meanwhile.
        .for('update', { skipLocked: true }),
    );
  }

  /** Some that were sent so many ms ago or earlier, and whose receipts are not there yet. */
  takeSent(afterMs: number, atMost: number): Promise<WaitingRow[]> {
    return this.#take((queries) =>
      queries
        .select({ number: outbox.number })
        .from(outbox)
        .where(sql`${outbox.sentAt} <= now() - make_interval(secs => ${afterMs / 1_000})`)
        .orderBy(outbox.sentAt)
        .limit(atMost)
        .for('update', { skipLocked: true }),
    );
  }

  /** Those that could not be sent after all. */
  async putBack(rows: readonly WaitingRow[]): Promise<void> {
    const ids = rows.map(({ orderId }) => orderId);
    await this.database.relayTransaction(async (queries) => {
      await queries.update(outbox).set({ sentAt: null }).where(inArray(outbox.orderId, ids));
    });
  }

  /** How many receipts are still to be written. */
  async left(): Promise<number> {
    const rows = await this.database.relayTransaction(async (queries) =>
      queries.select({ left: count(outbox.number) }).from(outbox),
    );
    return rows[0]?.left ?? 0;
  }

  #take(choose: (queries: Queries) => SQLWrapper): Promise<WaitingRow[]> {
    return this.database.relayTransaction(async (queries) =>
      queries
        .update(outbox)
        .set({ sentAt: sql`now()` })
        .where(inArray(outbox.number, choose(queries)))
        .returning({ orderId: outbox.orderId, carrier: outbox.carrier }),
    );
  }
}
