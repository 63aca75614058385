// Overlapping requests, each with an instance of its own for as long as it lasts.

import {
  type CanActivate,
  Controller,
  Get,
  type INestApplication,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestMiddleware,
  type NestModule,
  Param,
  UseGuards,
} from '@nestjs/common';
import {
  ContextModule,
  ContextScoped,
  currentUnit,
  RequestContext,
  scopedProvider,
} from 'nestjs-contextvars';
import { share } from '../../support/share.js';
import { type AdapterName, adapters, createApp, ready } from '../http/support/adapters.js';
import { callListener } from '../http/support/serverless.js';
import { UnitLog } from '../http/support/unit-log.js';
import { until } from '../http/support/until.js';
import { listenerOf } from '../http/support/ways-in.js';

/** On each of the two adapters. */
const REQUESTS = share(5000);
const AT_ONCE = 500;

/** What has become of the instances of a run. */
const run = { made: 0, disposing: 0, disposed: 0, disposedLate: 0, crossed: [] as string[] };

@ContextScoped()
class Cart {
  readonly owner: string;
  readonly items: string[] = [];
  constructor(context: RequestContext) {
    run.made += 1;
    this.owner = context.id;
  }
  put(item: string): void {
    this.items.push(item);
    if (this.owner !== currentUnit()?.id) run.crossed.push(`${this.owner} in ${currentUnit()?.id}`);
  }
  async [Symbol.asyncDispose](): Promise<void> {
    run.disposing += 1;
    const unit = currentUnit();
    await new Promise(setImmediate);
    run.disposed += 1;
    if (unit?.ended !== false || unit.id !== this.owner) run.disposedLate += 1;
  }
}

@ContextScoped()
class Unused {
  constructor() {
    run.made += 1;
  }
}

/** Lets the requests of a batch go on when all of them are there. */
class Barrier {
  #waiting: (() => void)[] = [];
  async pass(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === AT_ONCE) for (const go of this.#waiting.splice(0)) go();
    });
  }
}
const barrier = new Barrier();

@Injectable()
class CartMiddleware implements NestMiddleware {
  constructor(private readonly cart: Cart) {}
  use(request: { originalUrl?: string; url: string }, _response: unknown, next: () => void): void {
    if (!(request.originalUrl ?? request.url).startsWith('/none')) this.cart.put('middleware');
    next();
  }
}

@Injectable()
class CartGuard implements CanActivate {
  constructor(private readonly cart: Cart) {}
  async canActivate(): Promise<boolean> {
    await new Promise(setImmediate);
    this.cart.put('guard');
    return true;
  }
}

@Injectable()
class Shop {
  constructor(private readonly cart: Cart) {}
  async fill(item: string): Promise<void> {
    await barrier.pass();
    this.cart.put(item);
  }
}

@Controller()
class Desk {
  constructor(
    private readonly shop: Shop,
    private readonly cart: Cart,
    readonly unused: Unused,
  ) {}
  @Get('cart/:item')
  @UseGuards(CartGuard)
  async fill(@Param('item') item: string): Promise<string[]> {
    await this.shop.fill(item);
    await null;
    return [this.cart.owner, ...this.cart.items];
  }
  @Get('none') async none(): Promise<string[]> {
    await barrier.pass();
    return [];
  }
}

@Module({
  imports: [ContextModule.forRoot({ logger: false })],
  controllers: [Desk],
  providers: [Shop, scopedProvider(Cart), scopedProvider(Unused)],
})
class AppModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(CartMiddleware).forRoutes(Desk);
  }
}

async function ask(app: INestApplication, adapter: AdapterName, n: number): Promise<boolean> {
  const id = `r-${n}`;
  // One of five uses nothing that is context-scoped.
  const path = n % 5 === 0 ? '/none' : `/cart/item-${n}`;
  const { text } = await callListener(listenerOf(app, adapter), { path, headers: { 'x-request-id': id } });
  const expected = n % 5 === 0 ? [] : [id, 'middleware', 'guard', `item-${n}`];
  return text === JSON.stringify(expected);
}

describe.each(adapters)('on %s', (adapter) => {
  const units = new UnitLog();
  let app: INestApplication;

  beforeAll(async () => {
    app = await createApp(adapter, AppModule);
    await ready(app);
  });
  beforeEach(() => {
    units.clear();
    Object.assign(run, { made: 0, disposing: 0, disposed: 0, disposedLate: 0, crossed: [] });
  });
  afterAll(async () => {
    units.stop();
    await app.close();
  });

  it(`${REQUESTS} overlapping requests never see the instance of another one; each is made, used and disposed of once`, async () => {
    let right = 0;
    for (let first = 0; first < REQUESTS; first += AT_ONCE) {
      const batch = Array.from({ length: AT_ONCE }, (_, i) => ask(app, adapter, first + i));
      right += (await Promise.all(batch)).filter(Boolean).length;
    }
    await until('all units have ended', () => units.ended.length === REQUESTS);
    expect([right, run.crossed]).toEqual([REQUESTS, []]);
    const used = REQUESTS * (4 / 5);
    expect(run).toMatchObject({ made: used, disposing: used, disposed: used, disposedLate: 0 });
  }, 120_000);
});
