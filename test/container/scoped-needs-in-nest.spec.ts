// What has to be loaded before something else, in graphs that Nest allows.

import {
  forwardRef,
  type INestApplicationContext,
  Inject,
  type InjectionToken,
  Module,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ContextModule,
  ContextScoped,
  LoadScoped,
  runUnitOfWork,
  type ScopedDeclaration,
} from 'nestjs-contextvars';

let app: INestApplicationContext | undefined;
afterEach(() => app?.close());

/** Loads `tokens` in a unit of work of an application in which `scoped` is declared. */
async function loadIn(
  scoped: ScopedDeclaration[],
  tokens: [InjectionToken, ...InjectionToken[]],
): Promise<unknown> {
  class Consumer {
    @LoadScoped(...tokens)
    work(): string {
      return 'loaded';
    }
  }
  @Module({ imports: [ContextModule.forRoot(), ContextModule.forFeature(scoped)], providers: [Consumer] })
  class AppModule {}
  app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  const consumer = app.get(Consumer);
  return runUnitOfWork({ kind: 'test' }, () => consumer.work());
}

@ContextScoped()
class Order {
  constructor(@Inject(forwardRef(() => Invoice)) readonly invoice: object) {}
}

@ContextScoped()
class Invoice {
  constructor(@Inject(forwardRef(() => Order)) readonly order: object) {}
}

test('two classes that name each other by forwardRef can be loaded', async () => {
  expect(await loadIn([Order, Invoice], [Order, Invoice])).toBe('loaded');
});

test('a factory that needs such a class can be loaded', async () => {
  const report = { provide: 'REPORT', inject: [Order], useFactory: async (order: Order) => ({ order }) };
  expect(await loadIn([Order, Invoice, report], ['REPORT'])).toBe('loaded');
});

test('what is reached on many ways is not asked for on each of them', async () => {
  const make = jest.fn(async () => ({}));
  const all: ScopedDeclaration[] = [{ provide: 'POOL', useFactory: make }];
  let below: InjectionToken[] = ['POOL'];
  // Each class of a layer depends on both of the next: 2 ** 40 ways to the bottom.
  for (let layer = 0; layer < 40; layer++) {
    const layerOf = [0, 1].map(() => {
      const Layered = class {};
      for (const [index, token] of below.entries()) Inject(token)(Layered, undefined, index);
      ContextScoped()(Layered);
      return Layered;
    });
    all.push(...layerOf);
    below = layerOf;
  }
  expect(await loadIn(all, [below[0] as InjectionToken])).toBe('loaded');
  expect(make).toHaveBeenCalledTimes(1);
});
