import { Context } from 'nestjs-contextvars';
import type { Database } from '../database/database.js';
import { audit, ledger, orders, outbox, receipts } from '../database/schema.js';
import type { Queries } from '../database/store.js';
import { tenant } from '../identity/identity.variables.js';
import { grouped } from './grouped.js';

/** What stands in the database for one tenant. */
export interface TenantRows {
  readonly orders: readonly (typeof orders.$inferSelect)[];
  readonly receipts: readonly (typeof receipts.$inferSelect)[];
  readonly audit: readonly (typeof audit.$inferSelect)[];
  readonly ledger: readonly (typeof ledger.$inferSelect)[];
  readonly outbox: readonly (typeof outbox.$inferSelect)[];
}

export function rowsOf(database: Database, name: string): Promise<TenantRows> {
  const read = async (queries: Queries): Promise<TenantRows> => ({
    orders: await queries.select().from(orders),
    receipts: await queries.select().from(receipts),
    audit: await queries.select().from(audit),
    ledger: await queries.select().from(ledger),
    outbox: await queries.select().from(outbox),
  });
  return new Context().run(() => tenant.run(name, () => database.transaction(read)));
}

export interface Verdict {
  readonly orders: number;
  readonly refunds: number;
  readonly foreignRows: string[];
  readonly withoutReceipt: string[];
  readonly withTwoReceipts: string[];
  readonly wrongReceipts: string[];
  readonly wrongAudits: string[];
}

/** Looks for what must not be, in all that stands in the database for these tenants. */
export async function judge(database: Database, tenants: readonly string[]): Promise<Verdict> {
  const verdict = {
    orders: 0,
    refunds: 0,
    foreignRows: [] as string[],
    withoutReceipt: [] as string[],
    withTwoReceipts: [] as string[],
    wrongReceipts: [] as string[],
    wrongAudits: [] as string[],
  };
  for (const name of tenants) judgeTenant(name, await rowsOf(database, name), verdict);
  return verdict;
}

function judgeTenant(name: string, rows: TenantRows, verdict: Verdict & { orders: number; refunds: number }) {
  verdict.orders += rows.orders.length;
  verdict.refunds += rows.ledger.length;
  for (const row of Object.values(rows).flat() as { tenant: string }[]) {
    if (row.tenant !== name) verdict.foreignRows.push(JSON.stringify(row));
  }
  const receiptsOf = grouped(rows.receipts, ({ orderId }) => orderId);
  for (const { id, placedBy, requestId } of rows.orders) {
    const [receipt, ...more] = receiptsOf.get(id) ?? [];
    if (receipt === undefined) verdict.withoutReceipt.push(id);
    else if (receipt.user !== placedBy || receipt.requestId !== requestId || receipt.role !== 'none')
      verdict.wrongReceipts.push(id);
    if (more.length > 0) verdict.withTwoReceipts.push(id);
  }
  const auditsOf = grouped(rows.audit, ({ subject }) => subject);
  for (const { orderId, role } of rows.ledger) {
    const audits = auditsOf.get(orderId) ?? [];
    const [{ outcome, role: as } = { outcome: 'none', role: 'none' }] = audits;
    if (audits.length !== 1 || outcome !== 'done' || as !== 'ledger-writer' || role !== as)
      verdict.wrongAudits.push(orderId);
    auditsOf.delete(orderId);
  }
  // An audit of what was not done.
  for (const [subject, audits] of auditsOf) {
    if (audits.some(({ outcome }) => outcome === 'done')) verdict.wrongAudits.push(subject);
  }
}
