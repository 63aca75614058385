// Modules that Nest loads while the application runs, and modules that are put together at start-up.

import { type DynamicModule, Inject, Injectable, Module, Scope } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import {
  ContextModule,
  ContextScoped,
  currentUnit,
  LoadScoped,
  RequestContext,
  scopedProvider,
} from 'nestjs-contextvars';
import { withCode } from '../../core/support/outcome.js';
import { closeApps, inUnit, moduleOf, startTesting } from './support/application.js';

afterEach(closeApps);

@Injectable()
class Rates {
  readonly vat = 0.19;
}

@ContextScoped()
class Caller {
  readonly unit = currentUnit()?.id;
}

@ContextScoped()
class Quote {
  readonly unit = currentUnit()?.id;
  constructor(
    readonly rates: Rates,
    readonly caller: Caller,
    readonly context: RequestContext,
  ) {}
}

@Injectable()
class Quotes {
  constructor(readonly quote: Quote) {}
}

describe('a module that is loaded lazily', () => {
  const Auth = moduleOf('Auth', { providers: [scopedProvider(Caller)], exports: [Caller] });
  const Pricing = moduleOf('Pricing', {
    imports: [Auth],
    providers: [Rates, scopedProvider(Quote), Quotes],
  });

  it.each([
    ['outside any unit of work', <R>(fn: () => R) => fn()],
    ['inside one', inUnit],
  ])('%s, has its instances in the units of work of the application', async (_, load) => {
    const app = await startTesting({ imports: [Auth] });
    const loader = app.get(LazyModuleLoader);
    const moduleRef = await load(() => loader.load(() => Pricing));
    const { quote } = moduleRef.get(Quotes);
    const caller = app.get(Caller, { strict: false });
    for (let unit = 0; unit < 2; unit++) {
      inUnit(() => {
        const id = currentUnit()?.id;
        expect([quote.unit, quote.caller.unit, quote.context.id]).toEqual([id, id, id]);
        expect(quote.rates.vat).toBe(0.19);
        expect(quote.caller).toBe(caller);
      });
    }
  });

  it('that declares the same class has the instance of the unit of work, also when it was made before', async () => {
    const Again = moduleOf('Again', {
      providers: [scopedProvider(Caller)],
    });
    const app = await startTesting({ imports: [Auth] });
    const caller = app.get(Caller, { strict: false });
    await inUnit(async () => {
      Object.assign(caller, { note: 'made before' });
      const moduleRef = await app.get(LazyModuleLoader).load(() => Again);
      expect(moduleRef.get(Caller)).toMatchObject({ note: 'made before', unit: currentUnit()?.id });
    });
  });

  it('that misses a dependency says so at the first use', async () => {
    const Incomplete = moduleOf('Incomplete', { providers: [scopedProvider(Quote)] });
    const app = await startTesting({});
    const quote = (await app.get(LazyModuleLoader).load(() => Incomplete)).get(Quote);
    inUnit(() => {
      expect(() => quote.rates).toThrow(withCode('ERR_UNKNOWN_DEPENDENCY'));
      expect(() => quote.rates).toThrow('Incomplete neither provides nor imports');
    });
  });

  it('whose context-scoped class depends on a request-scoped one says so at the first use', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {}
    @ContextScoped()
    class Wrong {
      constructor(readonly perRequest: PerRequest) {}
    }
    const Lazy = moduleOf('Lazy', { providers: [PerRequest, scopedProvider(Wrong)] });
    const app = await startTesting({});
    const wrong = (await app.get(LazyModuleLoader).load(() => Lazy)).get(Wrong);
    inUnit(() => expect(() => wrong.perRequest).toThrow(withCode('ERR_UNSUPPORTED_DEPENDENCY')));
  });

  it('can wait for what it declares by an asynchronous factory', async () => {
    @Injectable()
    class Reader {
      constructor(@Inject('connection') readonly connection: { open: boolean }) {}
      @LoadScoped('connection')
      async read(): Promise<boolean> {
        return this.connection.open;
      }
    }
    const Lazy = moduleOf('Lazy', {
      providers: [
        Reader,
        scopedProvider({ provide: 'connection', useFactory: async () => ({ open: true }) }),
      ],
    });
    const app = await startTesting({});
    const reader = (await app.get(LazyModuleLoader).load(() => Lazy)).get(Reader);
    expect(await inUnit(() => reader.read())).toBe(true);
  });
});

describe('a dynamic module', () => {
  @ContextScoped()
  class Cache {
    readonly unit = currentUnit()?.id;
    constructor(@Inject('size') readonly size: number) {}
  }

  @Module({})
  class CacheModule {
    static register(name: string, size: number): DynamicModule {
      return {
        module: CacheModule,
        providers: [{ provide: 'size', useValue: size }, scopedProvider({ provide: name, useClass: Cache })],
        exports: [name],
      };
    }

    static async registerAsync(name: string): Promise<DynamicModule> {
      return CacheModule.register(name, 30);
    }
  }

  it('gives each registration its own class, with its own options', async () => {
    const app = await startTesting({
      imports: [
        CacheModule.register('small', 1),
        CacheModule.register('large', 20),
        CacheModule.registerAsync('async'),
      ],
    });
    const caches = ['small', 'large', 'async'].map((name) => app.get<Cache>(name, { strict: false }));
    inUnit(() => expect(caches.map(({ size }) => size)).toEqual([1, 20, 30]));
  });

  it('that exports ContextModule.forFeature gives what that declares', async () => {
    const feature = ContextModule.forFeature([Caller]);
    const app = await startTesting({
      imports: [{ module: class Outer {}, imports: [feature], exports: [feature] }],
      providers: [scopedProvider(Quote), Rates, Quotes],
    });
    inUnit(() => expect(app.get(Quotes).quote.caller.unit).toBe(currentUnit()?.id));
  });

  it('that is global gives it to every module', async () => {
    const feature = { ...ContextModule.forFeature([Caller]), global: true };
    const Shop = moduleOf('Shop', { providers: [scopedProvider(Quote), Rates, Quotes] });
    const app = await startTesting({ imports: [Shop, feature] });
    inUnit(() => expect(app.get(Quotes, { strict: false }).quote.caller.unit).toBe(currentUnit()?.id));
  });
});
