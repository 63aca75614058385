import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as macrotask } from 'node:timers/promises';
import { getQueueToken } from '@nestjs/bullmq';
import { Global, type INestApplicationContext, Logger, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { TransactionHost } from '@nestjs-cls/transactional';
import { activeTasks, ContextModule, scopedProvider } from 'nestjs-contextvars';
import { runInTestUnit } from 'nestjs-contextvars/testing';
import { AuditRepository } from '../../sample-app/src/audit/audit.repository.js';
import { AuditTrail } from '../../sample-app/src/audit/audit-trail.js';
import { Database } from '../../sample-app/src/database/database.js';
import { DatabaseModule } from '../../sample-app/src/database/database.module.js';
import { EmbeddedStore } from '../../sample-app/src/database/embedded-store.js';
import { ledger, outbox } from '../../sample-app/src/database/schema.js';
import type { Transactions } from '../../sample-app/src/database/transactions.js';
import { Caller } from '../../sample-app/src/identity/caller.js';
import { role, tenant, user } from '../../sample-app/src/identity/identity.variables.js';
import { LedgerService } from '../../sample-app/src/ledger/ledger.service.js';
import { LedgerBook } from '../../sample-app/src/ledger/ledger-book.js';
import { OrdersService } from '../../sample-app/src/orders/orders.service.js';
import { OutboxRepository } from '../../sample-app/src/outbox/outbox.repository.js';
import { Relay } from '../../sample-app/src/outbox/relay.js';
import { WaitingRows } from '../../sample-app/src/outbox/waiting-rows.js';
import { RECEIPTS } from '../../sample-app/src/receipts/receipt.js';
import { RefundsModule } from '../../sample-app/src/refunds/refunds.module.js';
import { RefundsService } from '../../sample-app/src/refunds/refunds.service.js';
import { preparedFolder } from './prepared-folder.js';

// What is committed together, what is not committed at all, and what the queue is told of it.

interface Told {
  readonly id: string;
  readonly tenant: string;
  readonly user: string;
  readonly role: string;
}

/** In the place of BullMQ's: remembers what it was told, and in which context. */
class ToldQueue {
  readonly told: Told[] = [];
  readonly retried: string[] = [];
  /** What a job of that id is said to be. */
  state = 'waiting';
  broken = false;

  async add(_name: string, _data: unknown, { jobId: id }: { jobId: string }) {
    if (this.broken) throw new Error('nobody answers');
    this.told.push({
      id,
      tenant: tenant.get(),
      user: user.get(),
      role: role.get('none'),
    });
    return { getState: async () => this.state, retry: async () => void this.retried.push(id) };
  }
}

@Global()
@Module({ providers: [scopedProvider(Caller)], exports: [Caller] })
class CallerModule {}

const as = <R>(name: string, of: string, work: () => Promise<R>): Promise<R> =>
  runInTestUnit({ bindings: [tenant.as(of), user.as(name), role.as('clerk')] }, work);
const ada = <R>(work: () => Promise<R>) => as('ada', 'acme', work);
const tea = { item: 'tea', quantity: 2 };

describe('the order desk', () => {
  const queue = new ToldQueue();
  let folder: string;
  let database: Database;
  let app: INestApplicationContext;

  beforeAll(async () => {
    folder = await preparedFolder();
    database = new Database(await EmbeddedStore.open(join(folder, 'data')));
    const compiled = await Test.createTestingModule({
      imports: [ContextModule.forRoot(), DatabaseModule.of(database), CallerModule, RefundsModule],
    })
      .overrideProvider(getQueueToken(RECEIPTS))
      .useValue(queue)
      .compile();
    app = await compiled.init();
  }, 60_000);

  afterAll(async () => {
    await app.close();
    await database.close();
    rmSync(folder, { recursive: true });
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await settled();
    queue.told.length = 0;
    queue.retried.length = 0;
  });

  /** The relay has nothing to do any more. */
  async function settled(): Promise<void> {
    const relay = app.get(Relay);
    relay.wake();
    await relay.idle();
  }

  const place = (name = 'ada', of = 'acme') => as(name, of, () => app.get(OrdersService).place(tea));
  const ordersOf = (of: string) => as('x', of, () => app.get(OrdersService).list());
  const entries = () =>
    ada(() => database.transaction((queries) => queries.select().from(ledger).orderBy(ledger.orderId)));

  it('tells the queue of an order after it was committed, as whoever placed it, without a role', async () => {
    const [one, other] = await Promise.all([place('ada', 'acme'), place('cleo', 'globex')]);
    await settled();
    expect(queue.told.sort((a, b) => a.tenant.localeCompare(b.tenant))).toEqual([
      { id: one.id, tenant: 'acme', user: 'ada', role: 'none' },
      { id: other.id, tenant: 'globex', user: 'cleo', role: 'none' },
    ]);
  });

  it('tells the queue without the role that was in force for a moment', async () => {
    await ada(() => role.run('ledger-writer', () => app.get(OrdersService).place(tea)));
    await settled();
    expect(queue.told).toMatchObject([{ role: 'none' }]);
  });

  it('has neither the order nor its place in the outbox, where one of them fails', async () => {
    const before = await ordersOf('acme');
    const left = await app.get(WaitingRows).left();
    jest.spyOn(app.get(OutboxRepository), 'add').mockRejectedValue(new Error('no room'));
    await expect(place()).rejects.toThrow('no room');
    await settled();
    expect(await ordersOf('acme')).toEqual(before);
    expect(await app.get(WaitingRows).left()).toBe(left);
    expect(queue.told).toEqual([]);
  });

  it('keeps in the outbox what the queue could not be told, until it can', async () => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    queue.broken = true;
    const { id } = await place();
    await settled();
    expect(queue.told).toEqual([]);
    queue.broken = false;
    await settled();
    expect(queue.told).toMatchObject([{ id, tenant: 'acme', user: 'ada' }]);
  });

  it('tells the queue again at a start of what has no receipt, and has a job that has failed tried again', async () => {
    const { id } = await place();
    await settled();
    queue.told.length = 0;
    await app.get(Relay).sendAgain(0);
    expect(queue.told.map((told) => told.id)).toContain(id);
    expect(queue.retried).toEqual([]);
    queue.state = 'failed';
    await app.get(Relay).sendAgain(0);
    expect(queue.retried).toContain(id);
    queue.retried.length = 0;
    await app.get(Relay).sendAgain(60_000);
    expect(queue.retried).toEqual([]);
    queue.state = 'waiting';
  });

  it('does not stop at a carrier that nobody can read', async () => {
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const transactions = app.get<Transactions>(TransactionHost);
    jest.spyOn(app.get(OutboxRepository), 'add').mockImplementationOnce(async (orderId) => {
      await transactions.tx.insert(outbox).values({ orderId, carrier: { contextvars: 'broken' } });
    });
    const broken = await place();
    const whole = await place();
    await settled();
    expect(queue.told.map(({ id }) => id)).toEqual([whole.id]);
    expect(error).toHaveBeenCalledWith(`cannot send ${broken.id}`, expect.anything());
  });

  describe('a refund', () => {
    const refund = (id: string) => ada(() => app.get(RefundsService).refund(id));
    const trail = () => ada(() => app.get(AuditTrail).list());

    it('is in the audit as what the ledger-writer did, for the user in whose request it was', async () => {
      const { id } = await place();
      await refund(id);
      expect(await trail()).toContainEqual(
        expect.objectContaining({ user: 'ada', role: 'ledger-writer', subject: id, outcome: 'done' }),
      );
    });

    it('is not given where it cannot be written down', async () => {
      const { id } = await place();
      const before = await entries();
      jest.spyOn(app.get(AuditRepository), 'add').mockRejectedValue(new Error('no room'));
      await expect(refund(id)).rejects.toThrow('no room');
      jest.restoreAllMocks();
      expect(await entries()).toEqual(before);
      expect(await ordersOf('acme')).toContainEqual(expect.objectContaining({ id, status: 'placed' }));
      await expect(refund(id)).resolves.toMatchObject({ orderId: id });
    });

    it('by work that was left running is refused, though it was started as ledger-writer, and written down', async () => {
      const { id } = await place();
      jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
      const before = await entries();
      await ada(() => app.get(LedgerService).creditLater(id));
      const refused = {
        user: 'ada',
        role: 'none',
        subject: id,
        outcome: 'refused',
        reason: 'ERR_SCOPE_ENDED',
      };
      while (activeTasks().length > 0) await macrotask();
      expect(await trail()).toContainEqual(expect.objectContaining(refused));
      expect(await entries()).toEqual(before);
    });

    it('by who is no ledger-writer is refused and written down', async () => {
      const { id } = await place();
      const attempt = ada(() => app.get(LedgerBook).takeBack(id));
      await expect(attempt).rejects.toThrow('The ledger needs the role ledger-writer');
      const refused = { user: 'ada', role: 'clerk', subject: id, outcome: 'refused' };
      expect(await trail()).toContainEqual(expect.objectContaining(refused));
    });
  });
});
