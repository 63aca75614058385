import { setTimeout } from 'node:timers/promises';
import {
  Body,
  Controller,
  Get,
  Inject,
  Injectable,
  Logger,
  Param,
  Post,
  type Type,
  UnauthorizedException,
} from '@nestjs/common';
import {
  ContextLogger,
  ContextModule,
  type ContextModuleOptions,
  ContextScoped,
  ContextVar,
  createTask,
  injectContext,
  ScopedValue,
  WithTempContext,
  withTempContext,
} from 'nestjs-contextvars';
import { type InspectorExtras, InspectorModule, type InspectorOptions } from 'nestjs-contextvars/inspector';
import type { AppParts } from '../../../nest/module/support/running-app.js';

// A shop with something of everything that the inspector shows.

export const tenant = new ContextVar<string>('tenant', { log: 'tenant' });
export const user = new ContextVar<string>('user', { log: 'user' });
export const password = new ContextVar<string>('password', { secret: true });
export const role = new ScopedValue<string>('role');
export const note = new ContextVar<unknown>('note');

@ContextScoped()
class Cart {
  readonly items: string[] = [];

  add(item: string): number {
    return this.items.push(item);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await setTimeout(2);
  }
}

@Injectable()
class Ledger {
  readonly #logger = new Logger('Ledger');

  @WithTempContext(role.as('ledger-writer'), password.as('hunter2'))
  async refund(order: string): Promise<string> {
    await setTimeout(12);
    this.#logger.warn(`refunds order ${order}`);
    await setTimeout(10);
    return role.get();
  }
}

@Controller()
class ShopController {
  readonly #logger = new Logger('Shop');

  constructor(
    @Inject(Cart) private readonly cart: Cart,
    @Inject(Ledger) private readonly ledger: Ledger,
  ) {}

  @Post('orders')
  async place(@Body() body?: { readonly item?: string }) {
    const item = body?.item ?? 'pen';
    this.cart.add(item);
    this.#logger.log(`places an order of ${item}`);
    await setTimeout(8);
    void createTask(() => this.#receipt(item), { name: 'receipt' });
    await setTimeout(6);
    return { by: `${tenant.get()}/${user.get()}` };
  }

  @Post('orders/:id/refund')
  async refund(@Param('id') id: string) {
    this.#logger.log('asks the bank');
    await setTimeout(6);
    const as = await this.ledger.refund(id);
    await setTimeout(4);
    return { by: user.get(), as };
  }

  @Get('nested')
  nested() {
    return withTempContext([note.as('outer')], async () => {
      const inner = withTempContext([role.as('inner')], () => setTimeout(4));
      await createTask(() => setTimeout(2), { name: 'beside' });
      await inner;
      return 'done';
    });
  }

  @Get('fails')
  async fails() {
    await createTask(
      () => {
        throw new RangeError('no such order');
      },
      { name: 'doomed' },
    ).catch(() => undefined);
    throw new Error('all is lost');
  }

  @Get('tick')
  tick() {
    return 'ticked';
  }

  /** What a queue would keep with a job. */
  @Get('carrier')
  carrier(): Record<string, string> {
    return injectContext();
  }

  @Get('slow')
  async slow() {
    await setTimeout(400);
    return 'slow';
  }

  @Get('secret')
  secret() {
    throw new UnauthorizedException();
  }

  async #receipt(item: string): Promise<void> {
    await setTimeout(14);
    this.#logger.log(`renders the receipt of ${item}`);
    await setTimeout(5);
  }
}

export interface ShopOptions {
  readonly inspector: InspectorOptions & InspectorExtras;
  readonly context?: ContextModuleOptions;
  readonly controllers?: Type[];
}

/** The parts of an application for `startApp`: the shop with an inspector. */
export function shop({ inspector, context, controllers = [] }: ShopOptions): AppParts {
  return {
    options: {
      setup: (unit, { headers }) => {
        unit.set(tenant, String(headers['x-tenant'] ?? 'acme'));
        unit.set(user, String(headers['x-user'] ?? 'ada'));
        role.bind('clerk');
      },
      ...context,
    },
    imports: [ContextModule.forFeature([Cart]), InspectorModule.forRoot(inspector)],
    controllers: [ShopController, ...controllers],
    providers: [Ledger],
    logger: new ContextLogger({ logLevels: ['log', 'warn', 'error'] }),
  };
}
