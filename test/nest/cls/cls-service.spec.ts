import { setImmediate as macrotask } from 'node:timers/promises';
import { Controller, Get, type INestApplication, Module, Req } from '@nestjs/common';
import { CLS_ID, CLS_REQ, CLS_RES, ClsModule, ClsService, ClsServiceManager } from 'nestjs-cls';
import { ContextModule, ContextVar, currentUnit, RequestContext, runUnitOfWork } from 'nestjs-contextvars';
import { adapters, createApp, listen, rawOf } from '../http/support/adapters.js';
import { send } from '../http/support/http-client.js';
import { UnitLog } from '../http/support/unit-log.js';

// nestjs-cls without any set-up of its own: a unit of work lives in a store of it.

const tenant = new ContextVar<string>('tenant');
const cls = ClsServiceManager.getClsService();

interface Kept {
  readonly store: Record<PropertyKey, unknown>;
  readonly afterEnd: Promise<Record<string, unknown>>;
}

let kept: Kept | undefined;

@Controller()
class ClsController {
  constructor(
    private readonly service: ClsService,
    private readonly context: RequestContext,
  ) {}

  @Get()
  async read(@Req() request: unknown) {
    this.service.set('user', { name: 'ada' });
    await macrotask();
    return {
      id: this.service.getId(),
      contextId: this.context.id,
      isRequest: rawOf(this.service.get(CLS_REQ)) === rawOf(request),
      hasResponse: typeof this.service.get(CLS_RES)?.setHeader === 'function',
      user: this.service.get('user.name'),
      has: [this.service.has('user'), this.service.has('other')],
      fromSetup: this.service.get('from set-up'),
      active: this.service.isActive(),
    };
  }

  @Get('kept')
  keep(): string {
    this.service.set('user', 'ada');
    const { signal } = currentUnit()!;
    const afterEnd = new Promise<Record<string, unknown>>((resolve) => {
      signal.addEventListener('abort', () =>
        setImmediate(() =>
          resolve({
            id: this.service.getId(),
            request: this.service.get(CLS_REQ),
            response: this.service.get(CLS_RES),
            user: this.service.get('user'),
          }),
        ),
      );
    });
    kept = { store: this.service.get() as never, afterEnd };
    return 'kept';
  }
}

@Module({
  imports: [
    ClsModule,
    ContextModule.forRoot({
      setup: () => {
        cls.set('from set-up', cls.getId());
        tenant.set('acme');
      },
    }),
  ],
  controllers: [ClsController],
})
class AppModule {}

describe.each(adapters)('in a request on %s', (adapter) => {
  const units = new UnitLog();
  let app: INestApplication;
  let port: number;

  beforeAll(async () => {
    app = await createApp(adapter, AppModule);
    port = await listen(app);
  });

  afterAll(async () => {
    units.stop();
    await app.close();
  });

  beforeEach(() => units.clear());

  test.each(['r-1', 'r-2'])('ClsService of %s has the id, the request and what was set', async (id) => {
    const { text } = await send({ port }, { path: '/', headers: { 'x-request-id': id } });
    expect(JSON.parse(text)).toEqual({
      id,
      contextId: id,
      isRequest: true,
      hasResponse: true,
      user: 'ada',
      has: [true, false],
      fromSetup: id,
      active: true,
    });
  });

  test('overlapping requests have a store each', async () => {
    const ids = Array.from({ length: 20 }, (_, n) => `r-${n}`);
    const answers = await Promise.all(
      ids.map((id) => send({ port }, { path: '/', headers: { 'x-request-id': id } })),
    );
    expect(answers.map(({ text }) => JSON.parse(text).id)).toEqual(ids);
  });

  test('after the end the store has neither request nor response, but its id and its own keys', async () => {
    const id = `kept-${adapter}`;
    await send({ port }, { path: '/kept', headers: { 'x-request-id': id } });
    await units.haveEnded([id]);
    expect(await kept!.afterEnd).toEqual({ id, request: undefined, response: undefined, user: 'ada' });
    const { store } = kept!;
    const held = Object.getOwnPropertySymbols(store).filter((key) => store[key] !== undefined);
    expect(held).toEqual([CLS_ID, Symbol.for('nestjs-contextvars.unit')]);
    kept = undefined;
  });
});

describe('in a unit of work that is no request', () => {
  test('the store has its id, no request, and what was set', async () => {
    await runUnitOfWork({ kind: 'test', id: 'u-1' }, async () => {
      expect(cls.isActive()).toBe(true);
      expect(cls.getId()).toBe('u-1');
      expect(cls.get(CLS_REQ)).toBeUndefined();
      cls.set('user', 'ada');
      await macrotask();
      expect(cls.get('user')).toBe('ada');
    });
    expect(cls.isActive()).toBe(false);
  });
});
