import { sql } from 'drizzle-orm';
import {
  bigint,
  foreignKey,
  index,
  integer,
  jsonb,
  pgPolicy,
  pgRole,
  pgSchema,
  text,
  timestamp,
  unique,
} from 'drizzle-orm/pg-core';

// What the migrations are made from: `npm run migrations` compares it with the last of them, and writes the next.

/** As whom the application works. It owns nothing, and row-level security holds for it. Made by the first migration. */
export const applicationRole = pgRole('desk_application').existing();

/** Sees what is to be sent, of all tenants, and nothing else of anybody. */
export const relayRole = pgRole('desk_relay').existing();

export const desk = pgSchema('desk');

/** The tenant that the transaction was opened for: nobody, where there is none. */
const ofTheTransaction = sql`nullif(current_setting('app.tenant', true), '')`;

/** No statement has to name the tenant: a new row gets that of the transaction, and no other would be taken. */
const tenant = () => text('tenant').notNull().default(ofTheTransaction);

const ownRowsOnly = () =>
  pgPolicy('own rows only', {
    to: applicationRole,
    using: sql`tenant = ${ofTheTransaction}`,
    withCheck: sql`tenant = ${ofTheTransaction}`,
  });

const at = (name: string) => timestamp(name, { withTimezone: true });
const rowNumber = (name: string) => bigint(name, { mode: 'number' }).generatedAlwaysAsIdentity().primaryKey();

export const orders = desk.table(
  'orders',
  {
    number: rowNumber('number'),
    id: text('id').notNull().generatedAlwaysAs(sql`'order-' || number::text`),
    tenant: tenant(),
    item: text('item').notNull(),
    quantity: integer('quantity').notNull(),
    placedBy: text('placed_by').notNull(),
    requestId: text('request_id').notNull(),
    status: text('status', { enum: ['placed', 'refunded'] })
      .notNull()
      .default('placed'),
    placedAt: at('placed_at').notNull().defaultNow(),
  },
  (table) => [
    unique('orders_of_a_tenant').on(table.tenant, table.id),
    index('orders_by_number').on(table.tenant, table.number),
    ownRowsOnly(),
  ],
);

/** One for each order, however often its job runs. */
export const receipts = desk.table(
  'receipts',
  {
    orderId: text('order_id').primaryKey(),
    tenant: tenant(),
    user: text('user').notNull(),
    role: text('role').notNull(),
    requestId: text('request_id').notNull(),
    text: text('text').notNull(),
    writtenAt: at('written_at').notNull().defaultNow(),
  },
  (table) => [
    // Of the same tenant: a foreign key on the id alone would take the order of any.
    foreignKey({
      name: 'receipt_of_an_order',
      columns: [table.tenant, table.orderId],
      foreignColumns: [orders.tenant, orders.id],
    }),
    ownRowsOnly(),
  ],
);

/** What was given back. One for each order. */
export const ledger = desk.table(
  'ledger',
  {
    orderId: text('order_id').primaryKey(),
    tenant: tenant(),
    quantity: integer('quantity').notNull(),
    role: text('role').notNull(),
    writtenAt: at('written_at').notNull().defaultNow(),
  },
  (table) => [
    foreignKey({
      name: 'entry_of_an_order',
      columns: [table.tenant, table.orderId],
      foreignColumns: [orders.tenant, orders.id],
    }),
    ownRowsOnly(),
  ],
);

/** Who did, or tried to do, what needs a higher role, as what, and in which request. */
export const audit = desk.table(
  'audit',
  {
    number: rowNumber('number'),
    tenant: tenant(),
    user: text('user').notNull(),
    role: text('role').notNull(),
    requestId: text('request_id').notNull(),
    correlationId: text('correlation_id').notNull(),
    action: text('action').notNull(),
    subject: text('subject').notNull(),
    outcome: text('outcome', { enum: ['done', 'refused'] }).notNull(),
    reason: text('reason'),
    at: at('at').notNull().defaultNow(),
  },
  (table) => [index('audit_by_number').on(table.tenant, table.number), ownRowsOnly()],
);

/** Receipts that are still to be written: a row for each order without one. */
export const outbox = desk.table(
  'outbox',
  {
    number: rowNumber('number'),
    orderId: text('order_id').notNull().unique(),
    tenant: tenant(),
    /** The context of whoever placed the order, as `injectContext` writes it. */
    carrier: jsonb('carrier').$type<Record<string, string>>().notNull(),
    /** When the queue was last told. */
    sentAt: at('sent_at'),
  },
  (table) => [
    foreignKey({
      name: 'receipt_to_be_written',
      columns: [table.tenant, table.orderId],
      foreignColumns: [orders.tenant, orders.id],
    }),
    index('outbox_unsent').on(table.number).where(sql`sent_at is null`),
    ownRowsOnly(),
    pgPolicy('sent for all tenants', { to: relayRole, using: sql`true`, withCheck: sql`true` }),
  ],
);
