import { BullModule, InjectQueue, OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Controller, Injectable, Module, Param, Post, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Job, type Queue, setDefaultBackendFactory } from 'bullmq';
import { ClsModule, ClsService } from 'nestjs-cls';
import {
  ContextModule,
  ContextScoped,
  createTask,
  currentCorrelationId,
  currentUnit,
  PreserveContext,
  RequestContext,
  scopedProvider,
  WithTempContext,
} from 'nestjs-contextvars';
import { contextTelemetry, WithJobContext } from 'nestjs-contextvars/bullmq';
import { listen } from '../../nest/http/support/adapters.js';
import { Gate } from '../../nest/http/support/gate.js';
import { send } from '../../nest/http/support/http-client.js';
import { locale, role, tenant, UUID } from './support/caller.js';
import { describeOnBackends, type Queues } from './support/queue-backends.js';

const disposed: string[] = [];

/** One for each unit of work. */
@ContextScoped()
class Caller {
  readonly tenant = tenant.get('-');
  readonly correlationId = currentCorrelationId();
  visits = 0;

  [Symbol.dispose]() {
    disposed.push(`${this.tenant} after ${this.visits}`);
  }
}

@Injectable()
class Invoices {
  constructor(
    private readonly caller: Caller,
    private readonly context: RequestContext,
    private readonly cls: ClsService,
  ) {}

  async write() {
    this.caller.visits += 1;
    await null;
    this.caller.visits += 1;
    return {
      tenant: tenant.get('-'),
      scopedTenant: this.caller.tenant,
      visits: this.caller.visits,
      locale: locale.get('-'),
      role: role.get('-'),
      requestId: this.context.id,
      correlationId: this.context.correlationId,
      clsId: this.cls.getId(),
      kind: currentUnit()?.kind,
    };
  }
}

/** The processors of one queue, and an application in which they work. */
async function startWorkers(queues: Queues, name: string) {
  const listened: unknown[] = [];
  const results = new Map<string | undefined, Gate<unknown>>();
  /** What came of a job, before or after it is asked for. */
  const resultOf = (id: string | undefined) => {
    const gate = results.get(id) ?? new Gate<unknown>();
    results.set(id, gate);
    return gate;
  };
  const both = new Gate();
  let arrived = 0;

  @Processor(name, { concurrency: 10 })
  class InvoicesProcessor extends WorkerHost {
    constructor(private readonly invoices: Invoices) {
      super();
    }

    @WithJobContext()
    async process(job: Job): Promise<unknown> {
      if (job.name === 'meet') {
        arrived += 1;
        if (arrived === 2) both.open();
        await both.passed;
      }
      if (job.name === 'preserved') return this.preserved();
      if (job.name === 'task') return createTask(() => this.invoices.write());
      if (job.name === 'signal') return this.signal(job);
      return this.invoices.write();
    }

    @PreserveContext()
    async preserved() {
      return this.invoices.write();
    }

    async signal(job: Job) {
      const signal = currentUnit()?.signal as AbortSignal;
      const told = new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)));
      this.worker.cancelJob(job.id as string, 'enough');
      return { reason: await told };
    }

    @OnWorkerEvent('completed')
    onCompleted(job: Job, result: unknown) {
      listened.push([job.name, tenant.get('-')]);
      resultOf(job.id).open(result);
    }

    @OnWorkerEvent('failed')
    onFailed(job: Job | undefined, error: Error) {
      resultOf(job?.id).open(error);
    }
  }

  @Module({
    imports: [
      ContextModule.forRoot(),
      ClsModule,
      BullModule.forRoot({ ...queues.options(contextTelemetry()) }),
      BullModule.registerQueue({ name }),
    ],
    providers: [Invoices, scopedProvider(Caller), InvoicesProcessor],
  })
  class WorkersModule {}

  const app = await NestFactory.createApplicationContext(WorkersModule, {
    logger: false,
    abortOnError: false,
  });
  return { app, listened, resultOf };
}

async function startDesk(queues: Queues, name: string) {
  @Injectable()
  class Orders {
    constructor(@InjectQueue(name) private readonly queue: Queue) {}

    @WithTempContext(role.as('admin'), locale.as('de'))
    async order(what: string) {
      const job = await this.queue.add(what, {}, { removeOnComplete: false });
      return job.id;
    }
  }

  @Controller()
  class OrdersController {
    constructor(
      private readonly orders: Orders,
      private readonly context: RequestContext,
    ) {}

    @Post(':what/:who')
    async order(@Param('what') what: string, @Param('who') who: string) {
      tenant.set(who);
      role.bind('clerk');
      return { id: await this.orders.order(what), requestId: this.context.id };
    }
  }

  @Module({
    imports: [
      ContextModule.forRoot(),
      BullModule.forRoot({ ...queues.options(contextTelemetry()) }),
      BullModule.registerQueue({ name }),
    ],
    controllers: [OrdersController],
    providers: [Orders],
  })
  class DeskModule {}

  const app = await NestFactory.create(DeskModule as Type, { logger: false, abortOnError: false });
  return { app, port: await listen(app) };
}

describeOnBackends('a Nest application that orders jobs, and one that works them off', (queues) => {
  beforeAll(() => setDefaultBackendFactory(queues.factory));
  afterAll(() => setDefaultBackendFactory());

  /** What comes of orders, which are `what/tenant`. */
  async function order(...orders: string[]) {
    const name = queues.name();
    const workers = await startWorkers(queues, name);
    const desk = await startDesk(queues, name);
    try {
      const results = await Promise.all(
        orders.map(async (path, i) => {
          const headers = { 'x-correlation-id': `conversation-${i}` };
          const { text } = await send({ port: desk.port }, { method: 'POST', path: `/${path}`, headers });
          const { id, requestId } = JSON.parse(text);
          return { requestId, result: (await workers.resultOf(id).passed) as object };
        }),
      );
      return { results, listened: workers.listened };
    } finally {
      await desk.app.close();
      await workers.app.close();
    }
  }

  const expected = (who: string, i: number) => ({
    tenant: who,
    scopedTenant: who,
    visits: 2,
    locale: 'de',
    role: '-',
    requestId: expect.stringMatching(UUID),
    correlationId: `conversation-${i}`,
    clsId: expect.any(String),
  });

  test('jobs of overlapping requests have the tenant, the ids and scoped instances of their own, and no role', async () => {
    disposed.length = 0;
    const { results, listened } = await order('meet/acme', 'meet/globex');

    expect(results.map(({ result }) => result)).toEqual([
      { ...expected('acme', 0), kind: 'job' },
      { ...expected('globex', 1), kind: 'job' },
    ]);
    for (const { result, requestId } of results) expect(result).toMatchObject({ requestId });
    expect([...disposed].sort()).toEqual(['acme after 2', 'globex after 2']);
    expect(listened.sort()).toEqual([
      ['meet', 'acme'],
      ['meet', 'globex'],
    ]);
  });

  test('@PreserveContext() and createTask go on with it, as units of their own', async () => {
    const { results } = await order('preserved/acme', 'task/globex');

    expect(results.map(({ result }) => result)).toEqual([
      { ...expected('acme', 0), kind: 'preserved' },
      { ...expected('globex', 1), kind: 'task' },
    ]);
  });

  test('@WithJobContext() links the signal of the unit with the cancellation of the job', async () => {
    const { results } = await order('signal/acme');

    expect(results.map(({ result }) => result)).toEqual([{ reason: 'enough' }]);
  });
});
