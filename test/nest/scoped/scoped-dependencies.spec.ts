// Context-scoped classes that depend on others have those of their own unit of work.

import { forwardRef, Inject, Injectable } from '@nestjs/common';
import { ContextModule, ContextScoped, currentUnit, scopedProvider } from 'nestjs-contextvars';
import { closeApps, got, inUnit, moduleOf, startTesting } from './support/application.js';
import { Made, namesOf } from './support/made.js';

afterEach(closeApps);

const made = new Made();
afterEach(() => made.clear());

@ContextScoped()
class Caller extends made.Noted {}

@ContextScoped()
class Cart extends made.Noted {
  constructor(readonly caller: Caller) {
    super();
  }
}

@Injectable()
class Checkout {
  constructor(
    readonly cart: Cart,
    readonly caller: Caller,
  ) {}
}

/** Each unit of work has one wiring of its own, which `read` gives. */
function wiredPerUnit(read: () => { cart: Cart; caller: Caller }): void {
  const [first, second] = [1, 2].map(() =>
    inUnit(() => {
      const { cart, caller } = read();
      expect(cart.caller.identity).toBe(caller.identity);
      expect([cart.unit, caller.unit]).toEqual([currentUnit()?.id, currentUnit()?.id]);
      return [cart.identity, caller.identity];
    }),
  );
  expect(new Set([...(first ?? []), ...(second ?? [])]).size).toBe(4);
  expect(made.instances).toHaveLength(4);
}

describe('a context-scoped class that depends on another one', () => {
  it('of the same module, whichever is declared first', async () => {
    for (const providers of [
      [scopedProvider(Caller), scopedProvider(Cart), Checkout],
      [Checkout, scopedProvider(Cart), scopedProvider(Caller)],
    ]) {
      made.clear();
      const app = await startTesting({ providers });
      wiredPerUnit(() => app.get(Checkout));
    }
  });

  it('of a module that exports it', async () => {
    const Auth = moduleOf('Auth', { providers: [scopedProvider(Caller)], exports: [Caller] });
    const Shop = moduleOf('Shop', { imports: [Auth], providers: [scopedProvider(Cart)], exports: [Cart] });
    const app = await startTesting({ imports: [Shop, Auth], providers: [Checkout] });
    wiredPerUnit(() => app.get(Checkout));
  });

  it('of forFeature, which imports another one', async () => {
    const Auth = ContextModule.forFeature([Caller]);
    const Shop = ContextModule.forFeature([Cart], { imports: [Auth] });
    const app = await startTesting({ imports: [Shop, Auth], providers: [Checkout] });
    wiredPerUnit(() => app.get(Checkout));
  });

  it('is made without it, which is made when it is used itself', async () => {
    const app = await startTesting({ providers: [scopedProvider(Caller), scopedProvider(Cart)] });
    inUnit(() => {
      expect(app.get(Cart).unit).toBe(currentUnit()?.id);
      expect(made.names).toEqual(['Cart']);
      expect(app.get(Cart).caller.unit).toBe(currentUnit()?.id);
      expect(made.names).toEqual(['Cart', 'Caller']);
    });
  });

  it('can use it in its constructor, and is disposed of before it', async () => {
    @ContextScoped()
    class Eager extends made.Noted {
      readonly seen: object;
      constructor(readonly caller: Caller) {
        super();
        this.seen = caller.identity;
      }
    }
    const app = await startTesting({ providers: [scopedProvider(Eager), scopedProvider(Caller)] });
    inUnit(() => expect(app.get(Eager).seen).toBe(app.get(Caller).identity));
    expect(namesOf(made.disposed)).toEqual(['Eager', 'Caller']);
  });

  it('holds the stand-in that singletons hold', async () => {
    const app = await startTesting({ providers: [scopedProvider(Caller), scopedProvider(Cart), Checkout] });
    const { caller } = app.get(Checkout);
    inUnit(() => expect(app.get(Cart).caller).toBe(caller));
    expect(got(app, Caller)).toBe(caller);
  });
});

describe('two context-scoped classes that depend on each other by forwardRef', () => {
  @ContextScoped()
  class Parent extends made.Noted {
    constructor(
      @Inject(forwardRef(() => Child)) readonly child: { readonly identity: object; parent: unknown },
    ) {
      super();
    }
  }
  @ContextScoped()
  class Child extends made.Noted {
    @Inject(forwardRef(() => Parent)) readonly parent!: { readonly identity: object };
  }
  @ContextScoped()
  class FirmChild extends made.Noted {
    @Inject(forwardRef(() => FirmParent)) readonly parent!: { readonly identity: object };
  }
  @ContextScoped()
  class FirmParent extends made.Noted {
    constructor(readonly child: FirmChild) {
      super();
    }
  }

  it('hold each other, in each unit of work its own', async () => {
    const app = await startTesting({ providers: [scopedProvider(Parent), scopedProvider(Child)] });
    for (let unit = 0; unit < 2; unit++) {
      inUnit(() => {
        const parent = app.get(Parent);
        const child = app.get(Child);
        expect(parent.child.identity).toBe(child.identity);
        expect(child.parent.identity).toBe(parent.identity);
      });
    }
    expect(made.instances).toHaveLength(4);
  });

  it('do so where but one of them says forwardRef', async () => {
    const app = await startTesting({ providers: [scopedProvider(FirmChild), scopedProvider(FirmParent)] });
    inUnit(() => {
      expect(app.get(FirmParent).child.identity).toBe(app.get(FirmChild).identity);
      expect(app.get(FirmChild).parent.identity).toBe(app.get(FirmParent).identity);
    });
  });

  it('do so through modules that import each other by forwardRef', async () => {
    const Children: ReturnType<typeof moduleOf> = moduleOf('Children', {
      imports: [forwardRef(() => Parents)],
      providers: [scopedProvider(Child)],
      exports: [Child],
    });
    const Parents = moduleOf('Parents', {
      imports: [forwardRef(() => Children)],
      providers: [scopedProvider(Parent)],
      exports: [Parent],
    });
    const app = await startTesting({ imports: [Parents, Children] });
    inUnit(() => {
      expect(app.get(Parent).child.identity).toBe(app.get(Child).identity);
      expect(app.get(Child).parent.identity).toBe(app.get(Parent).identity);
    });
  });
});

describe('a context-scoped class and a singleton that depend on each other by forwardRef', () => {
  it.each(['the singleton', 'the context-scoped class', 'both'])(
    'said by %s, hold each other',
    async (who) => {
      const firm = (by: string) => who !== 'both' && who !== by;
      const later = <T>(say: boolean, token: () => T) => (say ? token() : forwardRef(token));
      @ContextScoped()
      class Cart extends made.Noted {
        readonly checkout!: { readonly cart: unknown };
      }
      @Injectable()
      class Checkout {
        readonly cart!: Cart;
      }
      Inject(later(firm('the context-scoped class'), () => Checkout))(Cart.prototype, 'checkout');
      Inject(later(firm('the singleton'), () => Cart))(Checkout.prototype, 'cart');
      const app = await startTesting({ providers: [scopedProvider(Cart), Checkout] });
      const checkout = app.get(Checkout);
      inUnit(() => {
        expect(checkout.cart.checkout).toBe(checkout);
        expect(checkout.cart.identity).toBe(app.get(Cart).identity);
      });
      expect(made.instances).toHaveLength(1);
    },
  );
});
