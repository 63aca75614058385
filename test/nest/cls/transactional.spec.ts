import { setImmediate as macrotask } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClsPluginTransactional,
  InjectTransactionHost,
  Transactional,
  TransactionHost,
} from '@nestjs-cls/transactional';
import { TransactionalAdapterDrizzleOrm } from '@nestjs-cls/transactional-adapter-drizzle-orm';
import { pgTable, text } from 'drizzle-orm/pg-core';
import { drizzle, type PgliteDatabase } from 'drizzle-orm/pglite';
import { ClsModule, type ClsModuleOptions } from 'nestjs-cls';
import {
  AsUnitOfWork,
  bindContext,
  ContextModule,
  ContextVar,
  createTask,
  currentUnit,
  gather,
  PreserveContext,
  preserveContext,
  RequestContext,
  runUnitOfWork,
  ScopedValue,
  WithTempContext,
  withTempContext,
} from 'nestjs-contextvars';
import { type AdapterName, adapters, createApp, listen } from '../http/support/adapters.js';
import { Gate } from '../http/support/gate.js';
import { send } from '../http/support/http-client.js';

// A transaction of @nestjs-cls/transactional belongs to the unit of work that it was opened in, and to no other.

type Adapter = TransactionalAdapterDrizzleOrm<PgliteDatabase>;
type Work<R = void> = () => Promise<R>;
type Run = <R>(fn: Work<R>) => Promise<R>;

const tenant = new ContextVar<string>('tenant', { default: 'nobody' });
const role = new ScopedValue<string>('role');

const table = pgTable('orders', { id: text('id').primaryKey() });

/** With one connection each: whoever is not in its open transaction waits for the end of that. */
const databases = new Map<string, PgliteDatabase & { $client: PGlite }>();

const database = () => databases.get('acme')!;

/** The ids of all orders, as they are read outside of any transaction. */
async function rows(name = 'acme'): Promise<string[]> {
  const found = await databases.get(name)!.select().from(table);
  return found.map(({ id }) => id).toSorted();
}

beforeAll(async () => {
  const client = await PGlite.create();
  await client.exec('create table orders (id text primary key)');
  databases.set('acme', drizzle(client));
  databases.set('globex', drizzle((await client.clone()) as PGlite));
}, 60_000);

afterAll(() => Promise.all([...databases.values()].map(({ $client }) => $client.close())));

beforeEach(() => Promise.all([...databases.values()].map((one) => one.delete(table))));

const DATABASE = Symbol('database');
const TENANT_DATABASE = Symbol('database of the tenant');

@Module({
  providers: [
    { provide: DATABASE, useFactory: database },
    {
      provide: TENANT_DATABASE,
      useValue: {
        transaction: (...args: Parameters<PgliteDatabase['transaction']>) =>
          databases.get(tenant.get())!.transaction(...args),
      },
    },
  ],
  exports: [DATABASE, TENANT_DATABASE],
})
class DatabaseModule {}

@Injectable()
class Orders {
  constructor(
    readonly host: TransactionHost<Adapter>,
    @InjectTransactionHost('tenant') readonly tenantHost: TransactionHost<Adapter>,
  ) {}

  /** What the transaction host gives here; the clients themselves are too large to be printed. */
  get sees() {
    return { active: this.host.isTransactionActive(), plainClient: this.host.tx === database() };
  }

  async add(id: string): Promise<void> {
    await this.host.tx.insert(table).values({ id });
  }

  async addToTenant(id: string): Promise<void> {
    await this.tenantHost.tx.insert(table).values({ id });
  }

  @Transactional()
  async inTransaction<R>(work: Work<R>): Promise<R> {
    return await work();
  }

  @Transactional('tenant')
  async inTransactionOfTenant<R>(work: Work<R>): Promise<R> {
    return await work();
  }
}

const none = { active: false, plainClient: true };
const open = { active: true, plainClient: false };

const works = new Map<string, Work>();

@Controller()
class WorkController {
  constructor(private readonly context: RequestContext) {}

  @Get()
  work(): Promise<void> {
    return works.get(this.context.id)!();
  }
}

function appModule(options: ClsModuleOptions = {}) {
  const imports = [DatabaseModule];
  // Where it is given no option, drizzle sends PGlite an incomplete "set transaction".
  const defaultTxOptions = { isolationLevel: 'read committed' } as const;
  const adapter = (drizzleInstanceToken: symbol): Adapter =>
    new TransactionalAdapterDrizzleOrm({ drizzleInstanceToken, defaultTxOptions });
  const plugins = [
    new ClsPluginTransactional({ imports, adapter: adapter(DATABASE) }),
    new ClsPluginTransactional({ connectionName: 'tenant', imports, adapter: adapter(TENANT_DATABASE) }),
  ];

  @Module({
    imports: [ContextModule.forRoot(), ClsModule.forRoot({ ...options, plugins })],
    controllers: [WorkController],
    providers: [Orders],
  })
  class AppModule {}
  return AppModule;
}

/** Where a unit of work is open for what a test does. */
interface Place {
  readonly orders: Orders;
  readonly run: Run;
  close(): Promise<void>;
}

/** Runs each work in the handler of a request of its own. */
async function inRequests(adapter: AdapterName, options?: ClsModuleOptions): Promise<Place> {
  const app = await createApp(adapter, appModule(options));
  const port = await listen(app);
  const run = async <R>(work: Work<R>): Promise<R> => {
    const id = `r-${works.size}`;
    let result: Promise<R> | undefined;
    works.set(id, async () => {
      result = work();
      await result;
    });
    const { status } = await send({ port }, { path: '/', headers: { 'x-request-id': id } });
    const [outcome] = await Promise.allSettled([result]);
    expect([outcome.status, status]).toEqual(
      outcome.status === 'fulfilled' ? ['fulfilled', 200] : ['rejected', 500],
    );
    return result!;
  };
  return { orders: app.get(Orders), run, close: () => app.close() };
}

async function withoutServer(run: Run): Promise<Place> {
  const app = await NestFactory.createApplicationContext(appModule(), { logger: false });
  return { orders: app.get(Orders), run, close: () => app.close() };
}

const places: Record<string, () => Promise<Place>> = {
  ...Object.fromEntries(
    adapters.flatMap((adapter) => [
      [`a request on ${adapter}`, () => inRequests(adapter)],
      [
        `a request on ${adapter}, beside a mounted middleware of nestjs-cls`,
        () => inRequests(adapter, { middleware: { mount: true } }),
      ],
    ]),
  ),
  runUnitOfWork: () => withoutServer((work) => runUnitOfWork({ kind: 'script' }, work)),
};

class Jobs {
  @PreserveContext()
  preserved<R>(work: Work<R>): Promise<R> {
    return work();
  }

  @PreserveContext({ background: true })
  background<R>(work: Work<R>): Promise<R> {
    return work();
  }

  @AsUnitOfWork({ kind: 'job' })
  job<R>(work: Work<R>): Promise<R> {
    return work();
  }

  @WithTempContext(tenant.as('temporary'))
  temporarily<R>(work: Work<R>): Promise<R> {
    return work();
  }
}

const jobs = new Jobs();

class TransactionalJobs {
  @PreserveContext()
  @Transactional()
  preserved<R>(work: Work<R>): Promise<R> {
    return work();
  }

  @AsUnitOfWork({ kind: 'job' })
  @Transactional()
  job<R>(work: Work<R>): Promise<R> {
    return work();
  }

  @WithTempContext(tenant.as('temporary'))
  @Transactional()
  temporarily<R>(work: Work<R>): Promise<R> {
    return work();
  }
}

const transactionalJobs = new TransactionalJobs();

/** Another decorator over @Transactional, on the same method. */
const wrappers: Record<string, Run> = {
  '@PreserveContext': (fn) => transactionalJobs.preserved(fn),
  '@AsUnitOfWork': (fn) => transactionalJobs.job(fn),
  '@WithTempContext': (fn) => transactionalJobs.temporarily(fn),
};

/** What goes on in the unit of work of its caller. */
const joins: Record<string, Run> = {
  withTempContext: (fn) => withTempContext([tenant.as('temporary'), role.as('auditor')], fn),
  '@WithTempContext': (fn) => jobs.temporarily(fn),
  'run of a ContextVar': (fn) => tenant.run('inner', fn),
  'run of a ScopedValue': (fn) => role.run('auditor', fn),
  gather: async (fn) => (await gather([fn]))[0],
  bindContext: (fn) => bindContext(fn)(),
};

/** What is a unit of work of its own. */
const forks: Record<string, Run> = {
  createTask: (fn) => createTask(fn),
  '@PreserveContext': (fn) => jobs.preserved(fn),
  '@PreserveContext({ background: true })': (fn) => jobs.background(fn),
  preserveContext: (fn) => preserveContext(fn)(),
  runUnitOfWork: (fn) => runUnitOfWork({ kind: 'job' }, fn),
  '@AsUnitOfWork': (fn) => jobs.job(fn),
};

type End = 'commits' | 'rolls back';

const ends: readonly End[] = ['commits', 'rolls back'];

const refused = new Error('refused');

/** A transaction that ends as it is told to, whoever asks for it. */
async function ending(end: End, transaction: Promise<void>): Promise<void> {
  if (end === 'commits') await transaction;
  else await expect(transaction).rejects.toBe(refused);
}

/** The last step of a transaction that is to end so. */
function conclude(end: End): void {
  if (end === 'rolls back') throw refused;
}

describe.each(Object.entries(places))('in %s', (_place, start) => {
  let place: Place;
  let orders: Orders;

  const run: Run = (work) => place.run(work);

  beforeAll(async () => {
    place = await start();
    orders = place.orders;
  });

  afterAll(() => place.close());

  describe('@Transactional', () => {
    test.each([
      ['commits', ['first', 'second']],
      ['rolls back', []],
    ] as const)('%s', async (end, expected) => {
      const transaction = run(async () => {
        expect(orders.sees).toEqual(none);
        await orders.inTransaction(async () => {
          expect(orders.sees).toEqual(open);
          await orders.add('first');
          await macrotask();
          expect(orders.sees).toEqual(open);
          await orders.add('second');
          conclude(end);
        });
      });
      await ending(end, transaction);
      expect(await rows()).toEqual(expected);
    });

    test.each(ends)('that %s leaves the unit of work as it is, and without a transaction', async (end) => {
      await run(async () => {
        const unit = currentUnit();
        const transaction = orders.inTransaction(async () => {
          tenant.set('acme');
          await orders.add('one');
          expect(currentUnit() === unit).toBe(true);
          conclude(end);
        });
        expect(orders.sees).toEqual(none);
        await ending(end, transaction);
        expect(orders.sees).toEqual(none);
        expect(currentUnit() === unit).toBe(true);
        expect(tenant.get()).toBe('acme');
      });
    });

    test.each([
      ['commits', ['inner', 'outer']],
      ['rolls back', []],
    ] as const)('nested in one that %s joins it', async (end, expected) => {
      const transaction = run(() =>
        orders.inTransaction(async () => {
          const { tx } = orders.host;
          await orders.add('outer');
          await orders.inTransaction(async () => {
            expect(orders.sees).toEqual(open);
            expect(orders.host.tx === tx).toBe(true);
            await orders.add('inner');
          });
          expect(orders.host.tx === tx).toBe(true);
          conclude(end);
        }),
      );
      await ending(end, transaction);
      expect(await rows()).toEqual(expected);
    });

    test('of two that overlap on one connection, one rolls back and the other commits', async () => {
      const inFirst = new Gate();
      const beforeSecond = new Gate();
      const first = run(() =>
        orders.inTransaction(async () => {
          await orders.add('first');
          inFirst.open();
          await beforeSecond.passed;
          throw refused;
        }),
      );
      await inFirst.passed;
      const second = run(async () => {
        expect(orders.sees).toEqual(none);
        beforeSecond.open();
        await orders.inTransaction(() => orders.add('second'));
      });
      await ending('rolls back', first);
      await second;
      expect(await rows()).toEqual(['second']);
    });

    test('of two that are open at once, on a connection each, one rolls back and the other commits', async () => {
      const inside = { acme: new Gate(), globex: new Gate() };
      const transactionOf = (name: 'acme' | 'globex', end: End) =>
        run(async () => {
          tenant.set(name);
          await orders.inTransactionOfTenant(async () => {
            const { tx } = orders.tenantHost;
            inside[name].open();
            await Promise.all([inside.acme.passed, inside.globex.passed]);
            expect(orders.tenantHost.tx === tx).toBe(true);
            await orders.addToTenant(name);
            conclude(end);
          });
        });
      await Promise.all([
        transactionOf('acme', 'commits'),
        ending('rolls back', transactionOf('globex', 'rolls back')),
      ]);
      expect([await rows('acme'), await rows('globex')]).toEqual([['acme'], []]);
    });

    test('has the temporary values that it is called with', async () => {
      await run(async () => {
        await withTempContext([tenant.as('temporary')], () =>
          orders.inTransaction(async () => {
            await orders.add('one');
            expect(tenant.get()).toBe('temporary');
          }),
        );
        expect(tenant.get()).toBe('nobody');
      });
      expect(await rows()).toEqual(['one']);
    });

    test.each(
      Object.entries(wrappers).flatMap(([name, wrapper]) => ends.map((end) => ({ name, wrapper, end }))),
    )('on one method with $name $end', async ({ wrapper, end }) => {
      const transaction = run(() =>
        wrapper(async () => {
          expect(orders.sees).toEqual(open);
          await orders.add('one');
          await macrotask();
          expect(orders.sees).toEqual(open);
          conclude(end);
        }),
      );
      await ending(end, transaction);
      expect(await rows()).toEqual(end === 'commits' ? ['one'] : []);
    });

    test('is open for a bound function that is called from elsewhere, and over for it afterwards', async () => {
      let bound = () => none;
      await run(async () => {
        await orders.inTransaction(async () => {
          bound = bindContext(() => orders.sees);
          await runUnitOfWork({ kind: 'elsewhere' }, async () => {
            expect(orders.sees).toEqual(none);
            expect(bound()).toEqual(open);
          });
        });
        expect(bound()).toEqual(none);
      });
      expect(bound()).toEqual(none);
    });
  });

  describe.each(Object.entries(joins))('%s in a transaction', (_join, join) => {
    test.each([
      ['commits', ['inside', 'outside']],
      ['rolls back', []],
    ] as const)('goes on in it, where it %s', async (end, expected) => {
      const transaction = run(() =>
        orders.inTransaction(async () => {
          const { tx } = orders.host;
          await orders.add('outside');
          await join(async () => {
            expect(orders.sees).toEqual(open);
            expect(orders.host.tx === tx).toBe(true);
            await macrotask();
            expect(orders.host.tx === tx).toBe(true);
            await orders.inTransaction(() => orders.add('inside'));
          });
          expect(orders.host.tx === tx).toBe(true);
          conclude(end);
        }),
      );
      await ending(end, transaction);
      expect(await rows()).toEqual(expected);
    });
  });

  describe.each(Object.entries(forks))('%s in a transaction', (_fork, fork) => {
    test('has the plain client, and leaves the transaction open', async () => {
      await run(() =>
        orders.inTransaction(async () => {
          const { tx } = orders.host;
          const forked = fork(async () => {
            expect(orders.sees).toEqual(none);
            await macrotask();
            expect(orders.sees).toEqual(none);
          });
          expect(orders.host.tx === tx).toBe(true);
          await forked;
          expect(orders.host.tx === tx).toBe(true);
          await orders.add('one');
        }),
      );
      expect(await rows()).toEqual(['one']);
    });

    test('has the plain client also where a temporary scope is in between', async () => {
      await run(() =>
        orders.inTransaction(() =>
          withTempContext([tenant.as('temporary')], () =>
            fork(async () => {
              await macrotask();
              expect(orders.sees).toEqual(none);
            }),
          ),
        ),
      );
    });

    test('writes what a rollback of the transaction leaves', async () => {
      let forked: Promise<void> | undefined;
      const transaction = run(() =>
        orders.inTransaction(async () => {
          await orders.add('outer');
          forked = fork(() => orders.add('forked'));
          await macrotask();
          throw refused;
        }),
      );
      await ending('rolls back', transaction);
      await forked;
      expect(await rows()).toEqual(['forked']);
    });

    test.each([
      ['commits', 'rolls back', [[], ['forked']]],
      ['rolls back', 'commits', [['outer'], []]],
    ] as const)('opens one of its own, which %s, where that one %s', async (own, end, expected) => {
      const transaction = run(async () => {
        tenant.set('acme');
        await orders.inTransactionOfTenant(async () => {
          const { tx } = orders.tenantHost;
          await orders.addToTenant('outer');
          await fork(async () => {
            tenant.set('globex');
            const forked = orders.inTransactionOfTenant(async () => {
              expect(orders.tenantHost.tx === tx).toBe(false);
              await orders.addToTenant('forked');
              conclude(own);
            });
            await ending(own, forked);
          });
          expect(orders.tenantHost.tx === tx).toBe(true);
          conclude(end);
        });
      });
      await ending(end, transaction);
      expect([await rows('acme'), await rows('globex')]).toEqual(expected);
    });
  });
});

describe('outside any unit of work', () => {
  let place: Place;
  let orders: Orders;

  beforeAll(async () => {
    place = await withoutServer((work) => work());
    orders = place.orders;
  });

  afterAll(() => place.close());

  test.each([
    ['commits', ['one']],
    ['rolls back', []],
  ] as const)('a transaction that %s is a unit of work', async (end, expected) => {
    const transaction = orders.inTransaction(async () => {
      expect(currentUnit()?.kind).toBe('nestjs-cls');
      tenant.set('acme');
      await orders.add('one');
      expect([tenant.get(), orders.sees]).toEqual(['acme', open]);
      conclude(end);
    });
    await ending(end, transaction);
    expect(currentUnit()).toBeUndefined();
    expect([tenant.get(), orders.sees]).toEqual(['nobody', none]);
    expect(await rows()).toEqual(expected);
  });

  test.each(Object.entries(joins))('%s in a transaction goes on in it', async (_join, join) => {
    const transaction = orders.inTransaction(async () => {
      const { tx } = orders.host;
      await join(async () => {
        await macrotask();
        expect(orders.host.tx === tx).toBe(true);
        await orders.add('one');
      });
      throw refused;
    });
    await ending('rolls back', transaction);
    expect(await rows()).toEqual([]);
  });

  test.each(Object.entries(forks))('%s in a transaction is not in it', async (_fork, fork) => {
    let forked: Promise<void> | undefined;
    const transaction = orders.inTransaction(async () => {
      await orders.add('outer');
      forked = fork(async () => {
        expect(orders.sees).toEqual(none);
        await orders.add('forked');
      });
      await macrotask();
      expect(orders.sees).toEqual(open);
      throw refused;
    });
    await ending('rolls back', transaction);
    await forked;
    expect(await rows()).toEqual(['forked']);
  });
});
