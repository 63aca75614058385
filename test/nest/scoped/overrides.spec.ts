// A test can put something of its own in the place of what is context-scoped, and of what that depends on.

import { Inject, Injectable } from '@nestjs/common';
import type { TestingModuleBuilder } from '@nestjs/testing';
import { ContextModule, ContextScoped, currentUnit, scopedProvider } from 'nestjs-contextvars';
import { withCode } from '../../core/support/outcome.js';
import { closeApps, inUnit, moduleOf, startTesting, startWithoutContext } from './support/application.js';
import { Made } from './support/made.js';

afterEach(closeApps);

const made = new Made();
afterEach(() => made.clear());

@Injectable()
class Database {
  readonly name: string = 'real';
}

@ContextScoped()
class Caller extends made.Noted {
  readonly name: string = 'nobody';
  constructor(readonly database: Database) {
    super();
  }
}

@Injectable()
class FakeCaller {
  readonly name: string = 'fake';
  constructor(readonly database: Database) {}
}

@ContextScoped()
class Cart {
  constructor(
    readonly caller: Caller,
    @Inject('limits') readonly limits: { max: number },
  ) {}
  describe(): unknown[] {
    return [this.caller.name, this.caller.database.name, this.limits.max];
  }
}

@Injectable()
class Checkout {
  constructor(
    readonly cart: Cart,
    readonly caller: Caller,
    @Inject('limits') readonly limits: { max: number },
  ) {}
}

const Shop = moduleOf('Shop', {
  imports: [
    ContextModule.forFeature(
      [
        Caller,
        Cart,
        { provide: 'limits', useFactory: ({ name }) => ({ max: 3, of: name }), inject: [Database] },
      ],
      { imports: [moduleOf('Data', { providers: [Database], exports: [Database] })] },
    ),
  ],
  providers: [Checkout],
});

type Override = (builder: TestingModuleBuilder) => TestingModuleBuilder;

async function checkoutWith(override: Override): Promise<Checkout> {
  const app = await startTesting({ imports: [Shop] }, override);
  return app.get(Checkout, { strict: false });
}

describe('overrideProvider of a context-scoped class', () => {
  const fake = { name: 'a value', database: { name: 'none' } };

  it.each<[string, Override, unknown[]]>([
    ['useValue', (builder) => builder.overrideProvider(Caller).useValue(fake), ['a value', 'none', 3]],
    [
      'useClass, which Nest gives its dependencies',
      (builder) => builder.overrideProvider(Caller).useClass(FakeCaller),
      ['fake', 'real', 3],
    ],
    [
      'useFactory, which gets what it injects',
      (builder) =>
        builder.overrideProvider(Caller).useFactory({
          factory: (database: Database) => ({ name: `made with ${database.name}`, database }),
          inject: [Database],
        }),
      ['made with real', 'real', 3],
    ],
  ])('%s is there for all who inject it, in and outside units of work', async (_, override, expected) => {
    const { cart, caller } = await checkoutWith(override);
    for (let unit = 0; unit < 2; unit++) {
      inUnit(() => {
        expect(cart.describe()).toEqual(expected);
        expect(cart.caller).toBe(caller);
      });
    }
    expect(caller.name).toBe(expected[0]);
    expect(made.instances).toEqual([]);
  });

  it('by another context-scoped one keeps it per unit of work', async () => {
    @ContextScoped()
    class OtherCaller {
      readonly name = `caller of ${currentUnit()?.id}`;
      readonly database = { name: 'other' };
    }
    const { useFactory, inject = [] } = scopedProvider({ provide: Caller, useClass: OtherCaller });
    const { cart } = await checkoutWith((builder) =>
      builder.overrideProvider(Caller).useFactory({ factory: useFactory, inject: inject as never[] }),
    );
    for (let unit = 0; unit < 2; unit++)
      inUnit(() => expect(cart.describe()).toEqual([`caller of ${currentUnit()?.id}`, 'other', 3]));
  });
});

describe('overrideProvider of a token', () => {
  it.each<[string, Override]>([
    ['useValue', (builder) => builder.overrideProvider('limits').useValue({ max: 9 })],
    [
      'useFactory',
      (builder) => builder.overrideProvider('limits').useFactory({ factory: () => ({ max: 9 }) }),
    ],
    [
      'useClass',
      (builder) =>
        builder.overrideProvider('limits').useClass(
          class Limits {
            max = 9;
          },
        ),
    ],
  ])('%s is there for all who inject it', async (_, override) => {
    const { cart, limits } = await checkoutWith(override);
    expect(limits.max).toBe(9);
    expect(inUnit(() => cart.describe())).toEqual(['nobody', 'real', 9]);
  });
});

it('a dependency that a test has replaced is what instances are given', async () => {
  const { cart, limits } = await checkoutWith((builder) =>
    builder.overrideProvider(Database).useValue({ name: 'in memory' }),
  );
  expect(inUnit(() => [cart.describe(), (limits as never as { of: string }).of])).toEqual([
    ['nobody', 'in memory', 3],
    'in memory',
  ]);
});

it('a module that is replaced with overrideModule brings what it declares', async () => {
  @ContextScoped()
  class Other {
    readonly name = 'other';
  }
  const Real = moduleOf('Real', { providers: [Database, scopedProvider(Caller)], exports: [Caller] });
  const Replacement = moduleOf('Replacement', {
    providers: [scopedProvider({ provide: Caller, useClass: Other })],
    exports: [Caller],
  });
  const app = await startTesting({ imports: [Real] }, (builder) =>
    builder.overrideModule(Real).useModule(Replacement),
  );
  expect(inUnit(() => app.get(Caller).name)).toBe('other');
});

it('a class under test is given fakes by its constructor, and nothing else is needed', () => {
  const cart = new Cart({ name: 'me', database: { name: 'fake' } } as never, { max: 1 });
  expect(cart.describe()).toEqual(['me', 'fake', 1]);
});

describe('a testing module without ContextModule', () => {
  it('has the instances of the units of work that a test opens', async () => {
    const app = await startWithoutContext({ imports: [Shop] });
    const { cart } = app.get(Checkout, { strict: false });
    inUnit(() => expect(cart.describe()).toEqual(['nobody', 'real', 3]));
    inUnit(() => expect(cart.describe()).toEqual(['nobody', 'real', 3]));
    expect(made.instances).toHaveLength(2);
    expect(made.disposed).toEqual([...made.instances]);
  });

  it('says at the first use what is missing', async () => {
    const app = await startWithoutContext({ imports: [ContextModule.forFeature([Caller])] });
    const caller = app.get(Caller, { strict: false });
    for (let use = 0; use < 2; use++)
      inUnit(() => expect(() => caller.name).toThrow(withCode('ERR_UNKNOWN_DEPENDENCY')));
    expect(() => caller.name).toThrow(withCode('ERR_NO_ACTIVE_CONTEXT'));
  });

  it('is given fakes for what Nest cannot find, by useMocker', async () => {
    const app = await startWithoutContext({ providers: [Checkout] }, (builder) =>
      builder.useMocker((token) => ({ mocked: token })),
    );
    expect(app.get(Checkout).cart).toEqual({ mocked: Cart });
  });
});
