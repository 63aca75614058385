// What Nest would inject into a class is what each instance of a context-scoped class gets.

import { Inject, Injectable, type InjectionToken, Optional } from '@nestjs/common';
import { ApplicationConfig, ModuleRef, Reflector } from '@nestjs/core';
import { ContextScoped, currentUnit, RequestContext, scopedProvider } from 'nestjs-contextvars';
import { closeApps, got, inUnit, starts } from './support/application.js';

afterEach(closeApps);

@Injectable()
class Clock {
  readonly now = 42;
}

@Injectable()
class Mailer {
  readonly from = 'desk@example.com';
}

const LIMIT = Symbol('limit');

describe.each(starts)('in an application that %s has started', (_, start) => {
  it('a constructor gets singletons by type, class tokens, string tokens and symbol tokens', async () => {
    @ContextScoped()
    class Cart {
      constructor(
        readonly clock: Clock,
        @Inject('mailer') readonly mailer: Mailer,
        @Inject(LIMIT) readonly limit: number,
        @Inject(Clock) readonly sameClock: unknown,
      ) {}
    }
    const app = await start({
      providers: [
        Clock,
        { provide: 'mailer', useClass: Mailer },
        { provide: LIMIT, useValue: 3 },
        scopedProvider(Cart),
      ],
    });
    inUnit(() => {
      const { clock, mailer, limit, sameClock } = app.get(Cart);
      expect([mailer, limit, clock]).toEqual([app.get('mailer'), 3, app.get(Clock)]);
      expect(clock).toBe(app.get(Clock));
      expect(mailer).toBe(app.get('mailer'));
      expect(sameClock).toBe(clock);
    });
  });

  it('properties are injected, by type and by token, and are there as soon as the instance is used', async () => {
    @ContextScoped()
    class Cart {
      @Inject() readonly clock!: Clock;
      @Inject('mailer') readonly mailer!: Mailer;
      @Inject(LIMIT) limit!: number;
      constructor(readonly own: Mailer) {}
      read(): unknown[] {
        return [this.clock, this.mailer, this.limit, this.own];
      }
    }
    const app = await start({
      providers: [
        Clock,
        Mailer,
        { provide: 'mailer', useExisting: Mailer },
        { provide: LIMIT, useValue: 0 },
        scopedProvider(Cart),
      ],
    });
    const mailer = app.get(Mailer);
    expect(inUnit(() => app.get(Cart).read())).toEqual([app.get(Clock), mailer, 0, mailer]);
  });

  it('an optional dependency that is there is injected, one that is not leaves its default', async () => {
    @ContextScoped()
    class Cart {
      @Optional() @Inject('absent') readonly note: string = 'default note';
      @Optional() @Inject('present') readonly label: string = 'default label';
      constructor(
        @Optional() @Inject('absent') readonly absent: string = 'default',
        @Optional() @Inject('present') readonly present: string = 'default',
        @Optional() readonly mailer?: Mailer,
        @Optional() readonly clock?: Clock,
      ) {}
    }
    const app = await start({
      providers: [Clock, { provide: 'present', useValue: 'here' }, scopedProvider(Cart)],
    });
    inUnit(() => {
      const { note, label, absent, present, mailer, clock } = app.get(Cart);
      expect({ note, label, absent, present, mailer }).toEqual({
        note: 'default note',
        label: 'here',
        absent: 'default',
        present: 'here',
        mailer: undefined,
      });
      expect(clock).toBe(app.get(Clock));
    });
  });

  it('Nest gives RequestContext, ModuleRef, Reflector and its configuration as it gives them to a singleton', async () => {
    @ContextScoped()
    class Cart {
      constructor(
        readonly context: RequestContext,
        readonly modules: ModuleRef,
        readonly reflector: Reflector,
        readonly config: ApplicationConfig,
      ) {}
    }
    @Injectable()
    class Beside {
      constructor(readonly modules: ModuleRef) {}
    }
    const app = await start({ providers: [Beside, scopedProvider(Cart)] });
    inUnit(() => {
      const { context, modules, reflector, config } = app.get(Cart);
      expect(context.id).toBe(currentUnit()?.id);
      expect(modules).toBe(app.get(Beside).modules);
      expect(reflector).toBeInstanceOf(Reflector);
      expect(config).toBeInstanceOf(ApplicationConfig);
    });
  });

  it.each<[string, InjectionToken]>([
    ['a string', 'cart'],
    ['a symbol', Symbol('cart')],
    [
      'an abstract class',
      (() => {
        abstract class AbstractCart {}
        return AbstractCart;
      })(),
    ],
  ])('%s is the token of a class that is declared by { provide, useClass }', async (_kind, token) => {
    @ContextScoped()
    class Cart {
      readonly unit = currentUnit()?.id;
      constructor(readonly clock: Clock) {}
    }
    @Injectable()
    class Checkout {
      constructor(@Inject(token) readonly cart: Cart) {}
    }
    const app = await start({
      providers: [Clock, Checkout, scopedProvider({ provide: token, useClass: Cart })],
    });
    const { cart } = app.get(Checkout);
    expect(cart).toBe(got(app, token));
    for (let unit = 0; unit < 2; unit++)
      inUnit(() => expect([cart.unit, cart.clock.now]).toEqual([currentUnit()?.id, 42]));
    expect(() => got(app, Cart)).toThrow('Cart');
  });
});
