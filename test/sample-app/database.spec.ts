import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as macrotask } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/pglite';
import { runInTestUnit } from 'nestjs-contextvars/testing';
import { Client } from 'pg';
import { Database } from '../../sample-app/src/database/database.js';
import { EmbeddedStore } from '../../sample-app/src/database/embedded-store.js';
import { FolderLock } from '../../sample-app/src/database/folder-lock.js';
import { audit, ledger, orders, outbox, receipts } from '../../sample-app/src/database/schema.js';
import { ServerStore } from '../../sample-app/src/database/server-store.js';
import type { Queries, Store } from '../../sample-app/src/database/store.js';
import { requirePlainRole } from '../../sample-app/src/database/working-role.js';
import { tenant } from '../../sample-app/src/identity/identity.variables.js';
import { describeWithServer } from '../support/servers.js';
import { ownDatabase } from './own-database.js';
import { preparedFolder } from './prepared-folder.js';

// The database itself refuses what is another tenant's: nothing here goes through a service of the application.

const TABLES = ['audit', 'ledger', 'orders', 'outbox', 'receipts'];

function as<R>(name: string, work: () => Promise<R>): Promise<R> {
  return runInTestUnit({ bindings: [tenant.as(name)] }, work);
}

/** What PostgreSQL says, below what drizzle says of it. */
async function refusal(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => undefined,
    (reason: Error) => reason,
  );
  return String((error?.cause as Error | undefined)?.message ?? error?.message);
}

const order = (item: string) => ({ item, quantity: 1, placedBy: 'somebody', requestId: 'r-1' });
const items = (queries: Queries) =>
  queries
    .select({ item: orders.item })
    .from(orders)
    .then((rows) => rows.map(({ item }) => item).sort());

function isolation(open: () => Promise<{ store: Store; close(): Promise<void> }>): void {
  let place: Awaited<ReturnType<typeof open>>;
  let database: Database;
  const ids: Record<string, string> = {};

  const placed = (name: string, item: string) =>
    as(name, () =>
      database.transaction(async (queries) => {
        const [row] = await queries.insert(orders).values(order(item)).returning({ id: orders.id });
        return row!.id;
      }),
    );

  beforeAll(async () => {
    place = await open();
    database = new Database(place.store);
    ids.acme = await placed('acme', 'tea');
    ids.globex = await placed('globex', 'ink');
  }, 60_000);

  afterAll(() => place.close());

  it('a transaction sees the rows of the tenant of the context, and no others', async () => {
    expect(await as('acme', () => database.transaction(items))).toEqual(['tea']);
    expect(await as('globex', () => database.transaction(items))).toEqual(['ink']);
    expect(await as('initech', () => database.transaction(items))).toEqual([]);
  });

  it('a transaction without a context sees nothing, and writes nothing', async () => {
    expect(await database.transaction(items)).toEqual([]);
    const attempt = database.transaction((queries) => queries.insert(orders).values(order('none')));
    expect(await refusal(attempt)).toMatch(/null value in column "tenant"|row-level security/);
  });

  it('a query outside of any transaction sees nothing, and writes nothing', async () => {
    await as('acme', async () => {
      expect(await items(place.store.queries)).toEqual([]);
      const attempt = place.store.queries.insert(orders).values({ ...order('none'), tenant: 'acme' });
      expect(await refusal(attempt)).toMatch(/row-level security/);
    });
  });

  it('a row of another tenant is not taken', async () => {
    const attempt = as('acme', () =>
      database.transaction((queries) =>
        queries.insert(orders).values({ ...order('planted'), tenant: 'globex' }),
      ),
    );
    expect(await refusal(attempt)).toMatch(/new row violates row-level security policy/);
  });

  it('a row of another tenant is not changed', async () => {
    const changed = await as('acme', () =>
      database.transaction((queries) =>
        queries
          .update(orders)
          .set({ status: 'refunded' })
          .where(eq(orders.id, ids.globex!))
          .returning({ id: orders.id }),
      ),
    );
    expect(changed).toEqual([]);
  });

  it('nothing is hung on an order of another tenant', async () => {
    const receipt = { orderId: ids.globex!, user: 'ada', role: 'none', requestId: 'r-1', text: '' };
    const attempt = as('acme', () =>
      database.transaction((queries) => queries.insert(receipts).values(receipt)),
    );
    expect(await refusal(attempt)).toMatch(/violates foreign key constraint/);
  });

  it.each([
    ['receipts', receipts],
    ['ledger', ledger],
    ['audit', audit],
  ] as const)('what stands in %s can be neither changed nor removed', async (_name, table) => {
    const change = as('acme', () =>
      database.transaction((queries) => queries.update(table).set({ role: 'clerk' })),
    );
    expect(await refusal(change)).toMatch(/permission denied/);
    const removal = as('acme', () => database.transaction((queries) => queries.delete(table)));
    expect(await refusal(removal)).toMatch(/permission denied/);
  });

  it('a setting that a transaction was given is gone with it, on the same connection', async () => {
    for (let n = 0; n < place.store.connections + 1; n += 1) {
      await as('acme', () => database.transaction(items));
      await expect(
        as('acme', () =>
          database.transaction(async (queries) => {
            await items(queries);
            throw new Error('given up');
          }),
        ),
      ).rejects.toThrow('given up');
    }
    for (let n = 0; n < 2 * place.store.connections; n += 1) {
      expect(await items(place.store.queries)).toEqual([]);
    }
  });

  it('200 transactions of 20 tenants that overlap see each their own', async () => {
    const names = Array.from({ length: 200 }, (_, n) => `tenant-${n % 20}`);
    const seen = await Promise.all(
      names.map((name, n) =>
        as(name, () =>
          database.transaction(async (queries) => {
            await queries.insert(orders).values(order(`${name}.${n}`));
            await macrotask();
            return items(queries);
          }),
        ),
      ),
    );
    const foreign = seen.flatMap((found, n) => found.filter((item) => !item.startsWith(`${names[n]}.`)));
    expect(foreign).toEqual([]);
    expect(seen.flat().length).toBeGreaterThanOrEqual(200);
    expect(database.count.toJSON()).toMatchObject({ open: 0, waiting: 0, mostOpen: place.store.connections });
  });

  it('the relay sees what is to be sent, of all tenants, and nothing else', async () => {
    for (const name of ['acme', 'globex']) {
      await as(name, () =>
        database.transaction((queries) =>
          queries.insert(outbox).values({ orderId: ids[name]!, carrier: {} }),
        ),
      );
    }
    const sent = await database.relayTransaction(async (queries) =>
      queries.select({ orderId: outbox.orderId }).from(outbox),
    );
    expect(sent.map(({ orderId }) => orderId).sort()).toEqual([ids.acme, ids.globex].sort());
    expect(await refusal(database.relayTransaction(items))).toMatch(/permission denied/);
    const removal = database.relayTransaction((queries) => queries.delete(outbox));
    expect(await refusal(removal)).toMatch(/permission denied/);
    // And afterwards the connection is the application's again.
    expect(await items(place.store.queries)).toEqual([]);
  });

  it('row-level security is on in every table, for the owner too', async () => {
    const { rows } = (await place.store.queries.execute(sql`
      select relname as name from pg_class
      where relnamespace = 'desk'::regnamespace and relkind = 'r' and relrowsecurity and relforcerowsecurity`)) as {
      rows: { name: string }[];
    };
    expect(rows.map(({ name }) => name).sort()).toEqual(TABLES);
  });

  it('the role of the application is an ordinary one', async () => {
    await expect(requirePlainRole(place.store.queries)).resolves.toBe(undefined);
  });
}

describe('rows of tenants, embedded', () => {
  isolation(async () => {
    const folder = await preparedFolder();
    const store = await EmbeddedStore.open(join(folder, 'data'));
    const close = async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    };
    return { store, close };
  });

  it('are still there when the folder is opened again', async () => {
    const folder = await preparedFolder();
    for (const found of [[], ['tea']]) {
      const store = await EmbeddedStore.open(join(folder, 'data'));
      const database = new Database(store);
      await as('acme', () =>
        database.transaction(async (queries) => {
          expect(await items(queries)).toEqual(found);
          await queries.insert(orders).values(order('tea'));
        }),
      );
      await database.close();
    }
    rmSync(folder, { recursive: true });
  }, 60_000);

  it('are not left to two processes at once', async () => {
    const folder = await preparedFolder();
    const lock = await FolderLock.take(folder);
    writeFileSync(join(folder, 'process.pid'), String(process.ppid));
    await expect(FolderLock.take(folder)).rejects.toThrow(`DATA_DIR is in use by process ${process.ppid}`);
    await lock.release();
    await expect(FolderLock.take(folder)).resolves.toBeInstanceOf(FolderLock);
    rmSync(folder, { recursive: true });
  });

  it('are not worked with as a superuser', async () => {
    const folder = await preparedFolder();
    const client = await PGlite.create(join(folder, 'data'));
    await expect(requirePlainRole(drizzle(client) as unknown as Queries)).rejects.toThrow(
      "The database is worked with as 'postgres', for whom row-level security does not hold",
    );
    await client.close();
    rmSync(folder, { recursive: true });
  }, 60_000);
});

describeWithServer('postgres', 'rows of tenants, on a server', (url) => {
  isolation(async () => {
    const own = await ownDatabase(url);
    const store = await ServerStore.open(own.url, own.url, 4);
    const close = async () => {
      await store.close();
      await own.drop();
    };
    return { store, close };
  });

  it('are not shown to the owner of the tables, who is no superuser', async () => {
    const own = await ownDatabase(url);
    const store = await ServerStore.open(own.url, own.url, 1);
    const name = `owner_${new URL(own.url).pathname.slice(1)}`;
    const admin = new Client({ connectionString: own.url });
    await admin.connect();
    await as('acme', () =>
      new Database(store).transaction((queries) => queries.insert(orders).values(order('tea'))),
    );
    await admin.query(`create role ${name}; alter schema desk owner to ${name}`);
    for (const table of TABLES) await admin.query(`alter table desk.${table} owner to ${name}`);
    expect((await admin.query('select from desk.orders')).rowCount).toBe(1);
    await admin.query(`set role ${name}`);
    expect((await admin.query('select from desk.orders')).rowCount).toBe(0);
    await admin.query('reset role');
    await store.close();
    await admin.query(`drop owned by ${name} cascade; drop role ${name}`);
    await admin.end();
    await own.drop();
  });

  it('are not shown to what a transaction has left running: its connection is somebody else’s by then', async () => {
    const own = await ownDatabase(url);
    const database = new Database(await ServerStore.open(own.url, own.url, 1));
    let late: (() => Promise<string[]>) | undefined;
    await as('acme', () =>
      database.transaction(async (queries) => {
        await queries.insert(orders).values(order('tea'));
        late = () => items(queries);
      }),
    );
    await as('globex', () =>
      database.transaction(async () => {
        expect(await refusal(late!())).toMatch('The transaction is over');
      }),
    );
    await database.close();
    await own.drop();
  });

  it('are migrated once by several that start at the same time', async () => {
    const own = await ownDatabase(url);
    const stores = await Promise.all([1, 2, 3].map(() => ServerStore.open(own.url, own.url, 1)));
    for (const store of stores) expect(await items(store.queries)).toEqual([]);
    await Promise.all(stores.map((store) => store.close()));
    await own.drop();
  });
});
