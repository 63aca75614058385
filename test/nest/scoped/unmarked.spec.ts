import { Injectable, Module } from '@nestjs/common';
import { LazyModuleLoader, NestFactory } from '@nestjs/core';
import { ContextModule, ContextScoped, runUnitOfWork, scopedProvider } from 'nestjs-contextvars';

// What nobody refuses is made for each request by Nest, as before, and never shared by all of them.

@ContextScoped()
class Basket {
  readonly items: string[] = [];
}

class Sub extends Basket {}

const apps: { close(): Promise<void> }[] = [];
afterEach(async () => void (await Promise.all(apps.splice(0).map((app) => app.close()))));

async function start(module: object) {
  const app = await NestFactory.createApplicationContext(module as never, { logger: false });
  apps.push(app);
  return app;
}

test('a class in a module that is loaded later on is no singleton', async () => {
  @Module({ imports: [ContextModule.forRoot()] })
  class App {}
  @Module({ providers: [Basket], exports: [Basket] })
  class Lazy {}
  const app = await start(App);
  const lazy = await app.get(LazyModuleLoader).load(() => Lazy);
  expect(() => lazy.get(Basket)).toThrow(/scoped provider/);
  const [one, other] = [await lazy.resolve(Basket), await lazy.resolve(Basket)];
  expect(one).not.toBe(other);
});

test('nor is a subclass that is not marked itself', async () => {
  @Injectable()
  class Plain {}
  @Module({ imports: [ContextModule.forRoot()], providers: [Sub, Plain] })
  class App {}
  const app = await start(App);
  expect(() => app.get(Sub)).toThrow(/scoped provider/);
});

test('a singleton that a factory gives is not disposed of with the unit', async () => {
  const disposed = jest.fn();
  @Injectable()
  class Pool {
    readonly size = 2;
    [Symbol.dispose]() {
      disposed();
    }
  }
  const lent = { provide: 'LENT', useFactory: (pool: Pool) => pool, inject: [Pool] };
  @Module({ imports: [ContextModule.forRoot()], providers: [Pool, scopedProvider(lent)] })
  class App {}
  const app = await start(App);
  expect(runUnitOfWork({ kind: 'test' }, () => app.get<Pool>('LENT').size)).toBe(2);
  expect(disposed).not.toHaveBeenCalled();
});

test('a class whose instances are thenable is made as any other', async () => {
  @ContextScoped()
  class Query {
    readonly text = 'select';
    then() {}
  }
  @Module({ imports: [ContextModule.forRoot()], providers: [scopedProvider(Query)] })
  class App {}
  const app = await start(App);
  expect(runUnitOfWork({ kind: 'test' }, () => app.get(Query).text)).toBe('select');
});
