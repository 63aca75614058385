// A context-scoped class in a place where Nest would make one instance of it for all keeps the application from starting.

import {
  Controller,
  Get,
  Injectable,
  type MiddlewareConsumer,
  type NestModule,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { ContextModule, ContextScoped, type ScopedDeclaration, scopedProvider } from 'nestjs-contextvars';
import { thrownBy } from '../../core/support/outcome.js';
import { startApp, stopApps } from '../module/support/running-app.js';
import { closeApps, inUnit, moduleOf, refusalOf, startScript, startTesting } from './support/application.js';

afterEach(closeApps);
afterEach(stopApps);

@ContextScoped()
class Cart {
  transform(value: unknown): unknown {
    return value;
  }
}

const refusedIn = (module: string) => ({
  name: 'ContextError',
  code: 'ERR_NOT_REGISTERED',
  message: `Context-scoped 'Cart' is declared in ${module} as if it were a singleton; put scopedProvider(Cart) there instead.`,
});

describe.each([
  ['providers: [Cart]', { providers: [Cart] }],
  ['{ provide, useClass: Cart }', { providers: [{ provide: 'cart', useClass: Cart }] }],
  ['{ provide: Cart, useClass: Cart }', { providers: [{ provide: Cart, useClass: Cart }] }],
  ['controllers: [Cart]', { controllers: [Cart] }],
])('%s', (_, metadata) => {
  it.each([
    ['a testing module', startTesting],
    ['NestFactory', startScript],
  ])('is refused by name, module and remedy, in an application of %s', async (_, start) => {
    const Shop = moduleOf('Shop', metadata);
    expect(await refusalOf({ imports: [Shop] }, start)).toMatchObject(refusedIn('Shop'));
  });
});

it('as a global pipe it is refused too', async () => {
  const Shop = moduleOf('Shop', { providers: [{ provide: APP_PIPE, useClass: Cart }] });
  expect(await refusalOf({ imports: [Shop] }, startScript)).toMatchObject({ code: 'ERR_NOT_REGISTERED' });
});

it('also beside scopedProvider(Cart) in another module', async () => {
  const Good = moduleOf('Good', { providers: [scopedProvider(Cart)], exports: [Cart] });
  const Bad = moduleOf('Bad', { imports: [Good], providers: [Cart] });
  expect(await refusalOf({ imports: [Good, Bad] })).toMatchObject(refusedIn('Bad'));
});

describe('a context-scoped class that Nest would make by itself', () => {
  it.each<[string, (type: Type) => MethodDecorator & ClassDecorator]>([
    ['@UseGuards', UseGuards],
    ['@UsePipes', UsePipes],
    ['@UseInterceptors', UseInterceptors],
    ['@UseFilters', UseFilters],
  ])('for %s is refused', async (_, use) => {
    @Controller()
    class Desk {
      @Get()
      @use(Cart)
      get(): void {}
    }
    const Shop = moduleOf('Shop', { controllers: [Desk], providers: [scopedProvider(Cart)] });
    expect(await refusalOf({ imports: [Shop] })).toMatchObject({
      code: 'ERR_NOT_REGISTERED',
      message:
        "Context-scoped 'Cart' is a guard, pipe, interceptor, filter or middleware of Shop, of which Nest makes one for all; inject it into a singleton that is one.",
    });
  });

  it('for middleware is refused', async () => {
    @ContextScoped()
    class Middleware {
      use(_request: unknown, _response: unknown, next: () => void): void {
        next();
      }
    }
    class Shop implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        consumer.apply(Middleware).forRoutes('*path');
      }
    }
    const start = startApp('Express', { imports: [{ module: Shop }] });
    await expect(start).rejects.toMatchObject({
      code: 'ERR_NOT_REGISTERED',
      message: expect.stringContaining(
        "'Middleware' is a guard, pipe, interceptor, filter or middleware of Shop",
      ),
    });
  });
});

describe('what is no declaration of something context-scoped', () => {
  @Injectable()
  class Plain {}
  class Subclass extends Cart {}

  it.each<[string, ScopedDeclaration, string]>([
    ['a class without @ContextScoped()', Plain, 'Plain'],
    ['one under a token', { provide: 'plain', useClass: Plain }, 'Plain'],
    ['a subclass that is not decorated itself', Subclass, 'Subclass'],
  ])('%s is refused where it is declared, with both remedies', (_, declaration, name) => {
    const refused = {
      name: 'ContextError',
      code: 'ERR_NOT_CONTEXT_SCOPED',
      message: `${name} is declared by scopedProvider and has no @ContextScoped(); decorate it, or declare it as it is.`,
    };
    expect(thrownBy(() => scopedProvider(declaration))).toMatchObject(refused);
    expect(thrownBy(() => ContextModule.forFeature([declaration]))).toMatchObject(refused);
  });

  it.each([
    ['undefined, as in an import cycle', undefined],
    ['null', null],
    ['a string', 'cart'],
    ['an object without provide', { useClass: Cart }],
    ['an object that provides undefined', { provide: undefined, useClass: Cart }],
    ['{ provide } alone', { provide: 'cart' }],
    ['{ provide, useValue }', { provide: 'cart', useValue: {} }],
    ['{ provide, useExisting }', { provide: 'cart', useExisting: Cart }],
    ['a useClass that is undefined', { provide: 'cart', useClass: undefined }],
    ['a useClass that is no class', { provide: 'cart', useClass: 'Cart' }],
    ['a useFactory that is no function', { provide: 'cart', useFactory: {} }],
    ['an inject that is no array', { provide: 'cart', useFactory: () => ({}), inject: Cart }],
    ['a callable that is no boolean', { provide: 'cart', useFactory: () => ({}), callable: 'yes' }],
  ])('%s is a TypeError', (_, declaration) => {
    expect(() => scopedProvider(declaration as never)).toThrow(TypeError);
    expect(() => scopedProvider(declaration as never)).toThrow(/^scopedProvider: expected /);
    expect(() => ContextModule.forFeature([declaration as never])).toThrow(TypeError);
  });

  it.each([
    ['a class for an array', [Cart], 'an array of declarations'],
    ['nothing', [], 'an array of declarations'],
    ['null for options', [[Cart], null], 'an options object'],
    ['a class for options', [[Cart], Cart], 'an options object'],
    ['imports that are no array', [[Cart], { imports: Cart }], 'an array of modules as imports'],
  ])('forFeature with %s is a TypeError', (_, args, expected) => {
    const declare = () => ContextModule.forFeature(...(args as [never]));
    expect(declare).toThrow(TypeError);
    expect(declare).toThrow(`ContextModule.forFeature: expected ${expected}`);
  });

  it('@ContextScoped is for classes', () => {
    expect(() => ContextScoped()({} as never)).toThrow(TypeError);
    class Desk {
      get(): void {}
    }
    expect(() => (ContextScoped() as never as MethodDecorator)(Desk.prototype, 'get', {})).toThrow(TypeError);
  });
});

it('new Cart() is a plain instance, of which nobody knows that the class is context-scoped', () => {
  @ContextScoped()
  class Priced {
    #price = 1;
    constructor(readonly factor: number) {}
    price = () => this.#price * this.factor;
  }
  const outside = new Priced(3);
  expect([outside.price(), outside.constructor, Object.keys(outside)]).toEqual([
    3,
    Priced,
    ['factor', 'price'],
  ]);
  expect(inUnit(() => new Set([new Priced(2), new Priced(2)]).size)).toBe(2);
});
