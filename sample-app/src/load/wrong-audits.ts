import type { Database } from '../database/database.js';
import { grouped } from './grouped.js';
import { rowsOf } from './judge.js';
import type { LoadRecord } from './record.js';

/** Refunds that were answered, and of which the audit says something else, or nothing, or too much. */
export async function wrongAudits(database: Database, { refunds }: LoadRecord): Promise<string[]> {
  const wrong: string[] = [];
  for (const [tenant, ofTenant] of grouped(refunds, ({ caller }) => caller.tenant)) {
    const { audit } = await rowsOf(database, tenant);
    const entries = grouped(audit, ({ requestId }) => requestId);
    for (const { orderId, requestId, caller } of ofTenant) {
      const [entry, ...more] = entries.get(requestId) ?? [];
      const isRight =
        more.length === 0 &&
        entry?.user === caller.name &&
        entry.role === 'ledger-writer' &&
        entry.subject === orderId &&
        entry.outcome === 'done';
      if (!isRight) wrong.push(`${requestId}: ${JSON.stringify(entry)}`);
    }
  }
  return wrong;
}
