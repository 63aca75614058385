import { Controller, Get, type INestApplication, Module, Req, Res } from '@nestjs/common';
import { CLS_REQ, ClsModule, ClsServiceManager } from 'nestjs-cls';
import {
  ContextError,
  ContextModule,
  ContextVar,
  currentUnit,
  RequestContext,
  type UnitOfWork,
} from 'nestjs-contextvars';
import { stillHeld } from '../../support/collector.js';
import { adapters, createApp, listen } from './support/adapters.js';
import { send } from './support/http-client.js';
import { UnitLog } from './support/unit-log.js';
import { until } from './support/until.js';

// What the collector leaves for once differs from run to run: compiled code holds what it no longer needs. What is
// really kept is kept each time.
jest.retryTimes(3);

// What is left running after a request keeps its variables, and nothing else of it. Needs --expose-gc.

const REQUESTS = 20;

const tenant = new ContextVar<string>('tenant');

/** What the timer of a request reads, each time it fires. */
interface Reading {
  readonly tenant: string;
  readonly id: string;
  readonly correlationId: string;
  readonly elapsed: boolean;
  readonly request: unknown;
  readonly response: unknown;
  readonly unitEnded: boolean | undefined;
}

const readings = new Map<string, Reading>();
const timers: NodeJS.Timeout[] = [];
const refs: { what: string; ref: WeakRef<object> }[] = [];

function remember(objects: Record<string, object | undefined>): void {
  for (const [what, object] of Object.entries(objects))
    if (object !== undefined) refs.push({ what, ref: new WeakRef(object) });
}

function codeOf(read: () => unknown): unknown {
  try {
    return typeof read();
  } catch (error) {
    return error instanceof ContextError ? error.code : error;
  }
}

/** A function of its own: a closure in the handler could hold the request by itself. */
function leaveRunning(context: RequestContext): void {
  const timer = setInterval(() => {
    readings.set(context.id, {
      tenant: tenant.get('none'),
      id: context.id,
      correlationId: context.correlationId,
      elapsed: context.elapsed > 0,
      request: codeOf(() => context.request),
      response: codeOf(() => context.response),
      unitEnded: currentUnit()?.ended,
    });
  }, 1);
  timers.push(timer);
}

@Controller()
class LeavingController {
  constructor(private readonly context: RequestContext) {}

  @Get()
  leave(@Req() request: any, @Res({ passthrough: true }) response: any): string {
    leaveRunning(this.context);
    remember({
      request,
      response,
      'raw request': request.raw,
      'raw response': response.raw,
      socket: request.socket,
    });
    expect(this.context.request).toBe(request);
    return 'done';
  }

  @Get('pending')
  pending(@Req() request: any, @Res({ passthrough: true }) response: any): string {
    void this.#waitForEver();
    remember({ request, response });
    return 'done';
  }

  @Get('watched')
  watched(@Req() request: any, @Res({ passthrough: true }) response: any): string {
    signals.push((currentUnit() as UnitOfWork).signal);
    remember({ request, response });
    return 'done';
  }

  async #waitForEver(): Promise<void> {
    const id = this.context.id;
    await new Promise((resolve) => void pending.push(resolve));
    readings.set(id, { ...readings.get(id), tenant: tenant.get('none') } as Reading);
  }
}

const signals: AbortSignal[] = [];
const pending: ((value: unknown) => void)[] = [];

@Module({
  imports: [
    ClsModule,
    ContextModule.forRoot({
      setup: (_context, request) => void tenant.set(String(request.headers['x-tenant'])),
    }),
  ],
  controllers: [LeavingController],
})
class AppModule {}

const alive = async (): Promise<string[]> => (await stillHeld(refs)).map(({ what }) => what);

describe.each(adapters)('after the end of requests on %s', (adapter) => {
  const units = new UnitLog();
  let app: INestApplication;
  let port: number;

  beforeAll(async () => {
    app = await createApp(adapter, AppModule);
    port = await listen(app);
  });

  beforeEach(() => units.clear());

  afterEach(() => {
    for (const timer of timers.splice(0)) clearInterval(timer);
    signals.length = 0;
    for (const resolve of pending.splice(0)) resolve(undefined);
    refs.length = 0;
    readings.clear();
  });

  afterAll(async () => {
    units.stop();
    await app.close();
  });

  async function request(path: string): Promise<string[]> {
    const ids = Array.from({ length: REQUESTS }, (_, n) => `r-${n}`);
    await Promise.all(
      ids.map((id) =>
        send({ port }, { path, headers: { 'x-request-id': id, 'x-tenant': `tenant of ${id}` } }),
      ),
    );
    await units.haveEnded(ids);
    return ids;
  }

  test('whose timers still hold their contexts, request and response are collected', async () => {
    await request('/');
    expect(refs.length).toBeGreaterThanOrEqual(2 * REQUESTS);
    expect(await alive()).toEqual([]);
    // The timers are what would have held them.
    expect(timers).toHaveLength(REQUESTS);
  });

  test('whose signals are held, request and response are collected', async () => {
    await request('/watched');
    expect(refs.length).toBeGreaterThanOrEqual(2 * REQUESTS);
    expect(await alive()).toEqual([]);
    expect(signals.map(({ reason }) => reason.code)).toEqual(Array(REQUESTS).fill('ERR_SCOPE_ENDED'));
  });

  test('whose promises never settle, request and response are collected', async () => {
    await request('/pending');
    expect(refs.length).toBeGreaterThanOrEqual(2 * REQUESTS);
    expect(await alive()).toEqual([]);
    expect(pending).toHaveLength(REQUESTS);
  });

  test('their timers read the variables and the ids, and ERR_SCOPE_ENDED for request and response', async () => {
    const ids = await request('/');
    readings.clear();
    await until('every timer has fired', () => readings.size === REQUESTS);
    for (const id of ids) {
      expect(readings.get(id)).toEqual({
        tenant: `tenant of ${id}`,
        id,
        correlationId: id,
        elapsed: true,
        request: 'ERR_SCOPE_ENDED',
        response: 'ERR_SCOPE_ENDED',
        unitEnded: true,
      });
    }
  });

  test('nothing of a request is reachable through nestjs-cls from the server', async () => {
    await request('/');
    expect(ClsServiceManager.getClsService().get(CLS_REQ)).toBeUndefined();
    expect(ClsServiceManager.getClsService().isActive()).toBe(false);
  });
});
