// A class that several modules declare has one instance in a unit of work where it is given the same everywhere.

import { Inject, Injectable, type Type } from '@nestjs/common';
import { ContextModule, ContextScoped, type ScopedDeclaration, scopedProvider } from 'nestjs-contextvars';
import { closeApps, inUnit, moduleOf, startTesting } from './support/application.js';
import { Made } from './support/made.js';

afterEach(closeApps);

const made = new Made();
afterEach(() => made.clear());

@Injectable()
class Clock {}

@ContextScoped()
class Caller extends made.Noted {
  constructor(readonly clock: Clock) {
    super();
  }
}

@ContextScoped()
class Cart extends made.Noted {
  constructor(readonly caller: Caller) {
    super();
  }
}

@Injectable()
class First {
  constructor(@Inject(Cart) readonly used: Cart) {}
}

@Injectable()
class Second {
  constructor(@Inject(Cart) readonly used: Cart) {}
}

const Clocks = moduleOf('Clocks', { providers: [Clock], exports: [Clock] });
const OtherClocks = moduleOf('OtherClocks', { providers: [Clock], exports: [Clock] });

type Imports = Parameters<typeof ContextModule.forFeature>[1];
const user = (name: string, consumer: Type, ...imports: NonNullable<NonNullable<Imports>['imports']>) =>
  moduleOf(name, { imports, providers: [consumer] });

/** Whether First and Second have the same instance. */
async function share(first: Type, second: Type): Promise<boolean> {
  const app = await startTesting({ imports: [first, second] });
  const [one, other] = [app.get(First, { strict: false }), app.get(Second, { strict: false })];
  return inUnit(() => one.used.identity === other.used.identity);
}

describe('there is one instance', () => {
  it('where forFeature declares it twice, with the same dependencies', async () => {
    const feature = () => ContextModule.forFeature([Caller, Cart], { imports: [Clocks] });
    expect(await share(user('A', First, feature()), user('B', Second, feature()))).toBe(true);
    expect(made.names).toEqual(['Cart']);
  });

  it('where one and the same forFeature is imported twice', async () => {
    const feature = ContextModule.forFeature([Caller, Cart], { imports: [Clocks] });
    expect(await share(user('A', First, feature), user('B', Second, feature))).toBe(true);
  });

  it('where scopedProvider and forFeature declare it', async () => {
    const A = moduleOf('A', {
      imports: [Clocks],
      providers: [First, scopedProvider(Caller), scopedProvider(Cart)],
    });
    const B = user('B', Second, ContextModule.forFeature([Cart, Caller], { imports: [Clocks] }));
    expect(await share(A, B)).toBe(true);
    expect(await share(B, A)).toBe(true);
  });

  it('where scopedProvider of one module is listed by two', async () => {
    const providers = [scopedProvider(Caller), scopedProvider(Cart)];
    const A = moduleOf('A', { imports: [Clocks], providers: [First, ...providers] });
    const B = moduleOf('B', { imports: [Clocks], providers: [Second, ...providers] });
    expect(await share(A, B)).toBe(true);
  });

  it('whichever of the modules is used first, also where a third one depends on the second', async () => {
    const Own = moduleOf('Own', {
      imports: [Clocks],
      providers: [Second, scopedProvider(Caller), scopedProvider(Cart)],
      exports: [Cart],
    });
    const Same = moduleOf('Same', {
      imports: [Clocks],
      providers: [First, scopedProvider(Caller), scopedProvider(Cart)],
    });
    @ContextScoped()
    class Basket {
      constructor(readonly cart: Cart) {}
    }
    // Basket stands first and depends on what Own declares last.
    const Baskets = moduleOf('Baskets', { imports: [Same, Own], providers: [scopedProvider(Basket)] });
    const app = await startTesting({ imports: [Baskets] });
    inUnit(() => {
      const { identity } = app.get(Basket, { strict: false }).cart;
      for (const consumer of [First, Second])
        expect(app.get<First>(consumer, { strict: false }).used.identity).toBe(identity);
    });
    expect(made.names).toEqual(['Cart']);
  });

  it('of a factory, where both modules declare the same function', async () => {
    const declaration: ScopedDeclaration = { provide: Cart, useFactory: () => new Cart(null as never) };
    const features = [1, 2].map(() => ContextModule.forFeature([declaration]));
    expect(await share(user('A', First, features[0]!), user('B', Second, features[1]!))).toBe(true);
    const other = { ...declaration };
    expect(
      await share(
        user('C', First, ContextModule.forFeature([declaration])),
        user('D', Second, ContextModule.forFeature([other])),
      ),
    ).toBe(true);
  });
});

describe('there are two instances', () => {
  it('where the modules give it different singletons', async () => {
    const A = user('A', First, ContextModule.forFeature([Caller, Cart], { imports: [Clocks] }));
    const B = user('B', Second, ContextModule.forFeature([Caller, Cart], { imports: [OtherClocks] }));
    const app = await startTesting({ imports: [A, B] });
    const [one, other] = [app.get(First, { strict: false }), app.get(Second, { strict: false })];
    inUnit(() => {
      // The cart itself depends on the caller alone, and that one on the clock.
      expect(one.used.identity).not.toBe(other.used.identity);
      expect(one.used.caller.identity).not.toBe(other.used.caller.identity);
      expect(one.used.caller.clock).toBe(app.select(Clocks).get(Clock, { strict: true }));
      expect(other.used.caller.clock).toBe(app.select(OtherClocks).get(Clock, { strict: true }));
    });
    expect(made.instances).toHaveLength(4);
  });

  it('where they declare different functions, or the same class under different tokens', async () => {
    const feature = (useFactory: () => object) => ContextModule.forFeature([{ provide: Cart, useFactory }]);
    const [A, B] = [
      user(
        'A',
        First,
        feature(() => new made.Noted()),
      ),
      user(
        'B',
        Second,
        feature(() => new made.Noted()),
      ),
    ];
    expect(await share(A, B)).toBe(false);
    const app = await startTesting({
      imports: [Clocks],
      providers: [scopedProvider(Caller), scopedProvider({ provide: 'other caller', useClass: Caller })],
    });
    inUnit(() => expect(app.get<Caller>('other caller').identity).not.toBe(app.get(Caller).identity));
  });

  it('where a test replaces a dependency in one of them', async () => {
    const Own = moduleOf('Own', { providers: [Clock, First, scopedProvider(Caller), scopedProvider(Cart)] });
    const Other = moduleOf('Other', {
      imports: [Clocks],
      providers: [Second, scopedProvider(Caller), scopedProvider(Cart)],
    });
    expect(await share(Own, Other)).toBe(false);
  });
});
