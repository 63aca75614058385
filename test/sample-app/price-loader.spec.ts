import { Global, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ContextModule, gather, scopedProvider } from 'nestjs-contextvars';
import { runInTestUnit } from 'nestjs-contextvars/testing';
import { Caller } from '../../sample-app/src/identity/caller.js';
import { role, tenant, user } from '../../sample-app/src/identity/identity.variables.js';
import { PriceConnection } from '../../sample-app/src/prices/price-connection.js';
import { PriceLoader } from '../../sample-app/src/prices/price-loader.js';
import { PricesModule } from '../../sample-app/src/prices/prices.module.js';

interface LookUp {
  readonly tenant: string;
  readonly items: readonly string[];
  readonly as: string;
}

/** In place of a connection: remembers what was looked up, and in which role. */
class RecordingConnection {
  readonly lookUps: LookUp[] = [];

  async lookUp(tenant: string, items: readonly string[]): Promise<(number | null)[]> {
    this.lookUps.push({ tenant, items, as: role.get() });
    return items.map((item) => item.length);
  }
}

@Global()
@Module({ providers: [scopedProvider(Caller)], exports: [Caller] })
class CallerModule {}

async function application(connection: RecordingConnection): Promise<PriceLoader> {
  const moduleRef = await Test.createTestingModule({
    imports: [ContextModule.forRoot(), CallerModule, PricesModule],
  })
    .overrideProvider(PriceConnection)
    .useValue(connection)
    .compile();
  await moduleRef.init();
  return moduleRef.get(PriceLoader, { strict: false });
}

function asClerk<R>(name: string, of: string, body: () => R): R {
  return runInTestUnit({ bindings: [tenant.as(of), user.as(name), role.as('clerk')] }, body);
}

describe('the price loader of the sample', () => {
  let connection: RecordingConnection;
  let prices: PriceLoader;

  beforeEach(async () => {
    connection = new RecordingConnection();
    prices = await application(connection);
  });

  it('looks up at once what is asked for in one go, and each item once', async () => {
    await asClerk('ada', 'acme', async () => {
      const ask = (item: string) => prices.of(item);
      expect(await Promise.all(['tea', 'paper', 'tea'].map(ask))).toEqual([3, 5, 3]);
      expect(await gather([() => ask('paper'), () => ask('stamps')])).toEqual([5, 6]);
    });
    expect(connection.lookUps.map(({ items }) => items)).toEqual([['tea', 'paper'], ['stamps']]);
  });

  it('keeps apart what two users ask for in one tick', async () => {
    const ask = () => prices.of('tea');
    await Promise.all([
      asClerk('ada', 'acme', ask),
      asClerk('cleo', 'globex', ask),
      asClerk('bob', 'acme', ask),
    ]);
    expect(connection.lookUps).toEqual(
      ['acme', 'globex', 'acme'].map((tenant) => ({ tenant, items: ['tea'], as: 'clerk' })),
    );
  });

  it('looks up in the role of the caller, though asked first by who has a higher one for a moment', async () => {
    await asClerk('ada', 'acme', () =>
      Promise.all([role.run('ledger-writer', () => prices.of('tea')), prices.of('ink')]),
    );
    expect(connection.lookUps).toEqual([{ tenant: 'acme', items: ['tea', 'ink'], as: 'clerk' }]);
  });

  it('is a plain class for whoever makes one', async () => {
    const caller: Caller = { requestId: 'r-1', correlationId: 'r-1', tenant: 'acme', user: 'ada' };
    const own = new PriceLoader({ lookUp: async () => [450] } as unknown as PriceConnection, caller);
    expect(own).toBeInstanceOf(PriceLoader);
    expect(await own.of('tea')).toBe(450);
  });
});
