import { setImmediate as macrotask } from 'node:timers/promises';
import {
  type CanActivate,
  Controller,
  Get,
  type INestApplication,
  Injectable,
  Module,
  Req,
  UseGuards,
} from '@nestjs/common';
import { CLS_REQ, ClsModule, type ClsModuleOptions, ClsService, ClsServiceManager, UseCls } from 'nestjs-cls';
import { ContextModule, ContextVar, createTask, currentUnit, RequestContext } from 'nestjs-contextvars';
import { adapters, createApp, listen, rawOf } from '../http/support/adapters.js';
import { send } from '../http/support/http-client.js';
import { UnitLog } from '../http/support/unit-log.js';

// An application that has set up nestjs-cls itself keeps its set-up: there is one unit of work and one id.

const tenant = new ContextVar<string>('tenant');
const fromGuard = new ContextVar<string>('fromGuard');
class SettingGuard implements CanActivate {
  canActivate(): boolean {
    fromGuard.set('guard');
    ClsServiceManager.getClsService().set('from guard', 'guard');
    return true;
  }
}

@Injectable()
class Reports {
  constructor(private readonly service: ClsService) {}

  @UseCls()
  async write() {
    await macrotask();
    this.service.set('report', 'written');
    tenant.set(`${tenant.get()}, reported`);
    return { id: this.service.getId(), unit: currentUnit()?.id };
  }
}

let storeAfterEnd: Promise<unknown> | undefined;

@Controller()
@UseGuards(SettingGuard)
class ClsController {
  constructor(
    private readonly service: ClsService,
    private readonly context: RequestContext,
    private readonly reports: Reports,
  ) {}

  @Get()
  async read(@Req() request: unknown) {
    await macrotask();
    const { signal } = currentUnit()!;
    storeAfterEnd = new Promise((resolve) => {
      signal.addEventListener('abort', () => setImmediate(() => resolve(this.service.get(CLS_REQ))));
    });
    return {
      id: this.service.getId(),
      contextId: this.context.id,
      unit: `${currentUnit()?.kind} ${currentUnit()?.id}`,
      tenant: tenant.get(),
      ownSetup: this.service.get('own set-up'),
      contextSetup: this.service.get('context set-up'),
      guard: [fromGuard.get('none'), this.service.get('from guard')],
      isRequest: rawOf(this.service.get(CLS_REQ)) === rawOf(request),
    };
  }

  @Get('reports')
  async report() {
    const report = await this.reports.write();
    return { report, tenant: tenant.get(), id: this.service.getId() };
  }

  @Get('task')
  async task() {
    return createTask(async () => {
      await macrotask();
      return {
        id: this.service.getId(),
        ownSetup: this.service.get('own set-up'),
        request: this.service.get(CLS_REQ) ?? 'none',
        tenant: tenant.get(),
      };
    });
  }
}

const setup = (cls: ClsService) => cls.set('own set-up', 'done');

const modules: Record<string, ClsModuleOptions> = {
  'a mounted middleware': { middleware: { mount: true, setup } },
  'a mounted middleware that makes ids': { middleware: { mount: true, generateId: true, setup } },
  'a mounted guard': { guard: { mount: true, setup } },
  'a mounted guard that makes ids': { guard: { mount: true, generateId: true, setup } },
  'a mounted interceptor': { interceptor: { mount: true, setup } },
  'a mounted interceptor that makes ids': { interceptor: { mount: true, generateId: true, setup } },
  'all three, mounted': {
    middleware: { mount: true, setup },
    guard: { mount: true, setup },
    interceptor: { mount: true, setup },
  },
};

const orders = ['before', 'after'] as const;

const table = adapters.flatMap((adapter) =>
  Object.entries(modules).flatMap(([name, options]) =>
    orders.map((order) => ({ adapter, name, options, order })),
  ),
);

describe.each(table)(
  'on $adapter, $name of nestjs-cls, imported $order ours',
  ({ adapter, options, order }) => {
    const units = new UnitLog();
    let app: INestApplication;
    let port: number;

    beforeAll(async () => {
      const theirs = ClsModule.forRoot({ global: true, ...options });
      const ours = ContextModule.forRoot({
        setup: (_context, request) => {
          tenant.set(String(request.headers['x-tenant']));
          ClsServiceManager.getClsService().set('context set-up', 'done');
        },
      });

      @Module({
        imports: order === 'before' ? [theirs, ours] : [ours, theirs],
        controllers: [ClsController],
        providers: [Reports],
      })
      class AppModule {}

      app = await createApp(adapter, AppModule);
      port = await listen(app);
    });

    afterAll(async () => {
      units.stop();
      await app.close();
    });

    beforeEach(() => units.clear());

    const get = async (path: string, id: string) => {
      const headers = { 'x-request-id': id, 'x-tenant': `tenant of ${id}` };
      const { text } = await send({ port }, { path, headers });
      return JSON.parse(text);
    };

    test('each of two overlapping requests has one unit of work, one id, and what both set-ups have set', async () => {
      const ids = ['r-1', 'r-2'];
      const answers = await Promise.all(ids.map((id) => get('/', id)));
      expect(answers).toEqual(
        ids.map((id) => ({
          id,
          contextId: id,
          unit: `http ${id}`,
          tenant: `tenant of ${id}`,
          ownSetup: 'done',
          contextSetup: 'done',
          guard: ['guard', 'guard'],
          isRequest: true,
        })),
      );
      await units.haveEnded(ids);
      for (const id of ids) expect(units.times(id)).toEqual({ started: 1, ended: 1 });
    });

    test('@UseCls in a request joins its unit of work', async () => {
      expect(await get('/reports', 'r-3')).toEqual({
        report: { id: 'r-3', unit: 'r-3' },
        tenant: 'tenant of r-3, reported',
        id: 'r-3',
      });
    });

    test('a task has the string keys and the id, and not the request', async () => {
      expect(await get('/task', 'r-4')).toEqual({
        id: 'r-4',
        ownSetup: 'done',
        request: 'none',
        tenant: 'tenant of r-4',
      });
    });

    test('after the end of the request its store does not lead to it any more', async () => {
      await get('/', 'r-5');
      await units.haveEnded(['r-5']);
      expect((await storeAfterEnd) === undefined).toBe(true);
      storeAfterEnd = undefined;
    });
  },
);
