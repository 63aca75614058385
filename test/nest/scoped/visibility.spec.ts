// A dependency is found where Nest would find it for a singleton of the same module, and nowhere else.

import { Global, Inject, Injectable, Module, type Provider } from '@nestjs/common';
import { ContextModule, ContextScoped, scopedProvider } from 'nestjs-contextvars';
import { closeApps, inUnit, moduleOf, refusalOf, startTesting } from './support/application.js';

afterEach(closeApps);

@ContextScoped()
class Cart {
  constructor(@Inject('price') readonly price: string) {}
}
const cart = scopedProvider(Cart);

@Injectable()
class Singleton {
  constructor(@Inject('price') readonly price: string) {}
}

const price = (value: string): Provider => ({ provide: 'price', useValue: value });
const exporting = (name: string, value: string) =>
  moduleOf(name, { providers: [price(value)], exports: ['price'] });

@Global()
@Module({ providers: [price('global')], exports: ['price'] })
class GlobalModule {}

@Module({ providers: [price('root')] })
class Unexported {}

describe.each([
  ['the module itself provides', [], [price('own')], 'own'],
  ['an import exports', [exporting('Exporting', 'imported')], [], 'imported'],
  [
    'an import exports again, with the module that it has it from',
    [
      (() => {
        const Inner = exporting('Inner', 'exported again');
        return moduleOf('Outer', { imports: [Inner], exports: [Inner] });
      })(),
    ],
    [],
    'exported again',
  ],
  ['a global module exports', [GlobalModule], [], 'global'],
  [
    'the module itself and an import provide',
    [exporting('Exporting', 'imported'), GlobalModule],
    [price('own')],
    'own',
  ],
  ['two imports export', [exporting('First', 'first'), exporting('Second', 'second')], [], 'first'],
  [
    'one import has and another one exports',
    [Unexported, exporting('Exporting', 'exported')],
    [],
    'exported',
  ],
  [
    'a dynamic import exports',
    [{ module: class Dynamic {}, providers: [price('dynamic')], exports: ['price'] }],
    [],
    'dynamic',
  ],
])('what %s', (_, imports, providers, expected) => {
  it('is injected, the same as into a singleton beside it', async () => {
    const Shop = moduleOf('Shop', { imports, providers: [...providers, Singleton, cart] });
    const app = await startTesting({ imports: [Shop] });
    const shop = app.select(Shop);
    expect(shop.get(Singleton).price).toBe(expected);
    expect(inUnit(() => shop.get(Cart).price)).toBe(expected);
  });

  it('is injected where forFeature imports it', async () => {
    // What is declared by forFeature has a module of its own.
    const holder = moduleOf('Holder', { providers, exports: providers.map(() => 'price') });
    const app = await startTesting({
      imports: [ContextModule.forFeature([Cart], { imports: [holder, ...imports] })],
    });
    expect(inUnit(() => app.get(Cart, { strict: false }).price)).toBe(expected);
  });
});

describe('what the module cannot see keeps the application from starting', () => {
  const missing = (module: string) => ({
    name: 'ContextError',
    code: 'ERR_UNKNOWN_DEPENDENCY',
    message: `Context-scoped 'Cart' depends on 'price' at index 0 (Cart -> price), which ${module} neither provides nor imports; add it to its providers or imports, or export it where it is provided.`,
  });

  it('where nobody provides it', async () => {
    const Shop = moduleOf('Shop', { providers: [cart] });
    expect(await refusalOf({ imports: [Shop] })).toMatchObject(missing('Shop'));
  });

  it('where an import has it without exporting it', async () => {
    const Shop = moduleOf('Shop', { imports: [Unexported], providers: [cart] });
    expect(await refusalOf({ imports: [Shop] })).toMatchObject(missing('Shop'));
  });

  it('where an import of an import exports it, and that is not exported again', async () => {
    const Middle = moduleOf('Middle', { imports: [exporting('Inner', 'inner')] });
    const Shop = moduleOf('Shop', { imports: [Middle], providers: [cart] });
    expect(await refusalOf({ imports: [Shop] })).toMatchObject(missing('Shop'));
  });

  it('where only the module that imports this one has it', async () => {
    const Shop = moduleOf('Shop', { providers: [cart], exports: [Cart] });
    expect(await refusalOf({ imports: [Shop], providers: [price('root')] })).toMatchObject(missing('Shop'));
  });

  it('where forFeature stands beside it, without importing it', async () => {
    const refused = refusalOf({ imports: [ContextModule.forFeature([Cart])], providers: [price('root')] });
    expect(await refused).toMatchObject(missing('ContextFeatureModule'));
  });

  it('also of a property and of a factory, which are named', async () => {
    @ContextScoped()
    class ByProperty {
      @Inject('price') readonly price!: string;
    }
    const byProperty = await refusalOf({ providers: [scopedProvider(ByProperty)] });
    expect(byProperty).toMatchObject({ code: 'ERR_UNKNOWN_DEPENDENCY' });
    expect(byProperty.message).toContain("'ByProperty' depends on 'price' for the property 'price'");
    const basket = { provide: Symbol('basket'), useFactory: () => ({}), inject: [Singleton, 'price'] };
    const byFactory = await refusalOf({ providers: [scopedProvider(basket)] });
    expect(byFactory).toMatchObject({ code: 'ERR_UNKNOWN_DEPENDENCY' });
    expect(byFactory.message).toContain("'basket' depends on 'Singleton' at index 0 (basket -> Singleton)");
  });

  it('also where an interface is all that is left of its type', async () => {
    @ContextScoped()
    class Bare {
      constructor(readonly options: { readonly size: number }) {}
    }
    const refused = await refusalOf({ providers: [scopedProvider(Bare)] });
    expect(refused).toMatchObject({ code: 'ERR_UNKNOWN_DEPENDENCY' });
    expect(refused.message).toContain('Bare -> Object');
  });
});

describe('a dependency that an import cycle leaves undefined', () => {
  it('keeps the application from starting, with what to write instead', async () => {
    // As the compiler emits it where the imported file has not been evaluated yet.
    const later = {} as { Late: typeof Singleton };
    @ContextScoped()
    class Early {
      @Inject() readonly late!: unknown;
      constructor(
        _first: Singleton,
        readonly second: unknown,
      ) {}
    }
    Reflect.defineMetadata('design:paramtypes', [Singleton, later.Late], Early);
    const refused = await refusalOf({ providers: [Singleton, price('root'), scopedProvider(Early)] });
    expect(refused).toMatchObject({
      code: 'ERR_UNKNOWN_DEPENDENCY',
      message: expect.stringMatching(
        /^Context-scoped 'Early' depends on undefined at index 1, as in an import cycle; .*@Inject\(forwardRef/,
      ),
    });
  });

  it('is found where forwardRef names it, which is read when the application starts', async () => {
    const later = {} as { Late: typeof Singleton };
    @ContextScoped()
    class Early {
      constructor(@Inject({ forwardRef: () => later.Late } as never) readonly late: Singleton) {}
    }
    const provider = scopedProvider(Early);
    later.Late = Singleton;
    const app = await startTesting({ providers: [Singleton, price('root'), provider] });
    expect(inUnit(() => app.get(Early).late)).toBe(app.get(Singleton));
  });
});
