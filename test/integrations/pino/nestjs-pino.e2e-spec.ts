import { Agent, get } from 'node:http';
import {
  Controller,
  Get,
  type INestApplication,
  Injectable,
  Module,
  Logger as NestLogger,
  type OnModuleInit,
  Param,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Cron, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import {
  bindLogContext,
  ContextModule,
  ContextVar,
  createTask,
  currentRequestId,
  gather,
  runUnitOfWork,
} from 'nestjs-contextvars';
import { contextPinoHttp } from 'nestjs-contextvars/pino';
import { Logger, LoggerModule, PinoLogger } from 'nestjs-pino';
import { type AdapterName, adapters, listen } from '../../nest/http/support/adapters.js';
import { Gate } from '../../nest/http/support/gate.js';
import { type Answer, send } from '../../nest/http/support/http-client.js';
import { until } from '../../nest/http/support/until.js';
import { waysIn } from '../../nest/http/support/ways-in.js';
import { Lines } from './support/lines.js';

const user = new ContextVar<string>('user', { log: 'user' });
// nestjs-pino makes one logger in a process, of the options that come first: every application here writes to these.
const lines = new Lines();
const slow = { started: new Gate(), answer: new Gate() };
const all = new Gate();
let waiting = 0;

@Injectable()
class Orders {
  readonly #nest = new NestLogger(Orders.name);

  constructor(private readonly logger: PinoLogger) {}

  async place(id: string): Promise<void> {
    this.logger.info({ by: id }, 'placing');
    await gather([
      async () => {
        bindLogContext({ branch: 'stock' });
        await null;
        this.logger.info({ by: id }, 'reserved');
      },
      async () => {
        await null;
        this.#nest.log({ by: id }, 'not reserved');
      },
    ]);
    createTask(async () => {
      await new Promise(setImmediate);
      this.logger.info({ by: id }, 'mailed');
    });
  }
}

@Controller()
class OrdersController {
  constructor(
    private readonly orders: Orders,
    private readonly logger: PinoLogger,
  ) {}

  @Get('orders/:id')
  async one(@Param('id') id: string): Promise<string> {
    user.set(`user-${id}`);
    bindLogContext({ orderId: id });
    this.logger.assign({ assigned: id });
    await this.orders.place(id);
    return id;
  }

  /** Answers when as many as are asked for are there. */
  @Get('together/:count/:id')
  async together(@Param('count') count: string, @Param('id') id: string): Promise<string> {
    bindLogContext({ orderId: id });
    waiting += 1;
    if (waiting === Number(count)) all.open();
    await all.passed;
    return this.one(id);
  }

  @Get('fails')
  fails(): never {
    bindLogContext({ orderId: 'fails' });
    throw new Error('out of stock');
  }

  @Get('slow')
  async slow(): Promise<string> {
    bindLogContext({ orderId: 'slow' });
    slow.started.open();
    await slow.answer.passed;
    this.logger.info('left running');
    return 'too late';
  }
}

@Injectable()
class Jobs implements OnModuleInit {
  constructor(private readonly logger: PinoLogger) {}

  onModuleInit(): void {
    this.logger.info('booting');
    runUnitOfWork({ kind: 'warm-up', id: 'warm-up-1' }, () => {
      bindLogContext({ cache: 'orders' });
      this.logger.info('warming up');
    });
  }

  /** In the night of the new year, or when a test fires it. */
  @Cron('0 0 1 1 *', { name: 'sweep' })
  async tick(): Promise<void> {
    bindLogContext({ job: 'sweep' });
    await null;
    this.logger.info({ unit: currentRequestId() }, 'swept');
  }
}

@Module({
  imports: [
    ContextModule.forRoot(),
    ScheduleModule.forRoot(),
    LoggerModule.forRoot({
      pinoHttp: [contextPinoHttp({ mixin: () => ({ app: 'shop' }) }), lines],
      assignResponse: true,
      // Its default, `{/*splat}`, is for @fastify/middie since 9.3 a path that no request has.
      forRoutes: ['/{*splat}'],
    }),
  ],
  controllers: [OrdersController],
  providers: [Orders, Jobs],
})
class AppModule {}

/** Booted in a context, of which no line may have anything. */
function start(adapter: AdapterName): Promise<INestApplication> {
  // Fastify gives a request its id before any middleware runs; where that is empty, pino-http asks for one.
  const http =
    adapter === 'Express'
      ? new ExpressAdapter()
      : new FastifyAdapter({ genReqId: () => currentRequestId() ?? '' });
  return runUnitOfWork({ kind: 'boot', id: 'boot-1' }, async () => {
    const app = await NestFactory.create(AppModule, http as never, {
      bufferLogs: true,
      forceCloseConnections: true,
    });
    app.useLogger(app.get(Logger));
    return app;
  });
}

const idOf = ({ headers }: Answer): string => String(headers['x-request-id']);

describe.each(adapters)('%s', (adapter) => {
  let app: INestApplication;
  let port: number;
  let before = 0;

  beforeAll(async () => {
    app = await start(adapter);
    port = await listen(app);
  });
  afterAll(() => app.close());
  beforeEach(() => {
    before = lines.raw.length;
  });

  const said = (message: string) => lines.all.slice(before).filter(({ msg }) => msg === message);
  const ended = (message: string, count = 1) =>
    until(`${count} lines say '${message}'`, () => said(message).length === count);

  test('each line of a request has its fields, from the handler to the line at its end', async () => {
    const answer = await send({ port }, { path: '/orders/7' });
    await ended('request completed');
    await ended('mailed');
    const requestId = idOf(answer);
    const fields = { requestId, correlationId: requestId, user: 'user-7', orderId: '7', app: 'shop' };
    const req = { id: requestId, method: 'GET', url: '/orders/7' };
    expect(said('placing')).toMatchObject([{ ...fields, req, by: '7', assigned: '7' }]);
    expect(said('reserved')).toMatchObject([{ ...fields, req, branch: 'stock' }]);
    expect(said('not reserved')).toMatchObject([{ ...fields, req, context: 'Orders' }]);
    expect(said('not reserved')[0]).not.toHaveProperty('branch');
    expect(said('mailed')).toMatchObject([{ ...fields, req, by: '7' }]);
    expect(said('mailed')[0]).not.toHaveProperty('branch');
    expect(said('request completed')).toMatchObject([
      { ...fields, req, res: { statusCode: 200 }, assigned: '7', responseTime: expect.any(Number) },
    ]);
  });

  test('overlapping requests on few connections each have their own', async () => {
    waiting = 0;
    const count = 20;
    const agent = new Agent({ keepAlive: true });
    const ids = Array.from({ length: count }, (_, i) => `o-${i}`);
    const first = await Promise.all(ids.map((id) => send({ port, agent }, { path: `/orders/${id}` })));
    const answers = await Promise.all(
      ids.map((id) => send({ port, agent }, { path: `/together/${count}/${id}` })),
    );
    await ended('request completed', 2 * count);
    await ended('mailed', 2 * count);
    agent.destroy();
    const byId = new Map([...first, ...answers].map((answer) => [idOf(answer), answer.text]));
    expect(byId.size).toBe(2 * count);
    const written = lines.all.slice(before);
    expect(written).toHaveLength(2 * count * 5);
    for (const { requestId, orderId, user, req, by, msg } of written) {
      const id = byId.get(String(requestId));
      expect(id).toBeDefined();
      expect({ msg, orderId, user, by: by ?? id }).toEqual({ msg, orderId: id, user: `user-${id}`, by: id });
      expect(req).toMatchObject({ id: requestId });
    }
  });

  test('a request that fails', async () => {
    const answer = await send({ port }, { path: '/fails' });
    expect(answer.status).toBe(500);
    await ended('request errored');
    expect(said('request errored')).toMatchObject([
      { requestId: idOf(answer), orderId: 'fails', req: { id: idOf(answer) }, res: { statusCode: 500 } },
    ]);
  });

  test('a request whose client leaves, and what it leaves running', async () => {
    slow.started = new Gate();
    slow.answer = new Gate();
    const sent = get({ port, host: '127.0.0.1', path: '/slow', headers: { 'x-request-id': 'r-slow' } });
    sent.on('error', () => undefined);
    await slow.started.passed;
    sent.destroy();
    await ended('request aborted');
    slow.answer.open();
    await ended('left running');
    for (const line of [...said('request aborted'), ...said('left running')])
      expect(line).toMatchObject({ requestId: 'r-slow', orderId: 'slow', req: { id: 'r-slow' } });
  });

  test('a cron tick has its own', async () => {
    runUnitOfWork({ kind: 'test', id: 'timer-1' }, () => {
      bindLogContext({ orderId: 'timer' });
      void app.get(SchedulerRegistry).getCronJob('sweep').fireOnTick();
    });
    await ended('swept');
    const tick = said('swept')[0]!;
    expect(tick).toMatchObject({ requestId: tick.unit, job: 'sweep', app: 'shop' });
    expect(['boot-1', 'timer-1']).not.toContain(tick.requestId);
    for (const key of ['req', 'orderId', 'user', 'assigned']) expect(tick).not.toHaveProperty(key);
  });

  test('outside any context lines have no fields, and no error', () => {
    app.get(Logger).log('idle');
    expect(said('idle')).toMatchObject([{ app: 'shop' }]);
    expect(said('idle')[0]).not.toHaveProperty('requestId');
  });
});

test('while the application boots, lines have the fields of the unit that they are written in, where there is one', () => {
  const booting = lines.saying('booting');
  expect(booting).toHaveLength(2);
  for (const line of booting) expect(line).not.toHaveProperty('requestId');
  const warming = { requestId: 'warm-up-1', cache: 'orders', app: 'shop' };
  expect(lines.saying('warming up')).toMatchObject([warming, warming]);
});

describe.each(adapters)('by whichever way a request comes in, %s', (adapter) => {
  const ways = waysIn.filter((way) => way.possible && way.adapters.includes(adapter));

  test.each(ways)('$name: the id of pino-http is that of the context', async (way) => {
    const before = lines.raw.length;
    const app = await start(adapter);
    try {
      const { send: sendBy, close } = await way.open(app, adapter);
      const answers = [
        await sendBy({ path: '/orders/1' }),
        await sendBy({ path: '/orders/2', headers: { 'x-request-id': 'given-2' } }),
      ];
      const completed = () => lines.all.slice(before).filter(({ msg }) => msg === 'request completed');
      await until('both are completed', () => completed().length === 2);
      expect(idOf(answers[1]!)).toBe('given-2');
      expect(completed()).toMatchObject(
        answers.map((answer) => ({
          requestId: idOf(answer),
          req: { id: idOf(answer) },
          orderId: answer.text,
        })),
      );
      await close?.();
    } finally {
      await app.close();
    }
  });
});
