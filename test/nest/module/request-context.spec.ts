import { Controller, Get, Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ClsServiceManager } from 'nestjs-cls';
import {
  Context,
  ContextModule,
  ContextVar,
  createTask,
  preserveContext,
  RequestContext,
  runUnitOfWork,
} from 'nestjs-contextvars';
import { adapters } from '../http/support/adapters.js';
import { startApp, startTesting, stopApps } from './support/running-app.js';

afterEach(stopApps);

const tenant = new ContextVar<string>('tenant');

@Injectable()
class Greeter {
  constructor(private readonly context: RequestContext) {}
  greet(): string {
    return `${this.context.id} for ${this.context.get(tenant, 'nobody')}`;
  }
}

@Controller()
class GreetingController {
  constructor(
    private readonly greeter: Greeter,
    private readonly context: RequestContext,
  ) {}

  @Get('greet') greet(): string {
    return this.greeter.greet();
  }

  @Get('raw') raw(): unknown {
    const { request, response } = this.context as { request: { url?: string }; response: object };
    return { url: request.url, response: response !== undefined };
  }
}

describe.each(adapters)('on %s, RequestContext', (adapter) => {
  const root = {
    imports: [ContextModule.forRoot({ setup: (context) => void context.set(tenant, 'acme') })],
    controllers: [GreetingController],
    providers: [Greeter],
  };

  it('can be overridden with a hand-made one, and the set-up still sets up the real context', async () => {
    const fake = { id: 'fixed', get: () => `stubbed (really ${tenant.get()})` };
    const builder = Test.createTestingModule(root).overrideProvider(RequestContext).useValue(fake);
    const app = await startTesting(adapter, builder);
    expect(await app.get('/greet')).toMatchObject({ status: 200, text: 'fixed for stubbed (really acme)' });
  });

  it('can be overridden with a class', async () => {
    class Loud extends RequestContext {
      override get id(): string {
        return super.id.toUpperCase();
      }
    }
    const app = await startTesting(
      adapter,
      Test.createTestingModule(root).overrideProvider(RequestContext).useClass(Loud),
    );
    expect((await app.get('/greet', { 'x-request-id': 'r1' })).text).toBe('R1 for acme');
  });

  it('gives the request and the response that Nest gives to handlers', async () => {
    const app = await startApp(adapter, { controllers: [GreetingController], providers: [Greeter] });
    expect(JSON.parse((await app.get('/raw?a=1')).text)).toEqual({ url: '/raw?a=1', response: true });
  });
});

describe('in a unit of work that is no request, RequestContext', () => {
  const context = new RequestContext();
  const cls = ClsServiceManager.getClsService();

  const units: [string, (fn: () => void) => unknown][] = [
    ['a job', (fn) => runUnitOfWork({ kind: 'job' }, fn)],
    ['a context of nestjs-cls', (fn) => cls.run(fn)],
    ['an outermost Context.run', (fn) => new Context().run(fn)],
    ['a task outside any', (fn) => createTask(fn)],
    ['a task of a job', (fn) => runUnitOfWork({ kind: 'job' }, () => createTask(fn))],
    ['a preserved call', (fn) => preserveContext(fn)()],
  ];

  it.each(units)('has id, times and variables: %s', async (_, run) => {
    expect.assertions(9);
    await run(() => {
      expect(context.id).toMatch(/^[0-9a-zA-Z-]+$/);
      expect(context.correlationId).toBe(context.id);
      expect(context.startedAt).toBeInstanceOf(Date);
      expect(context.elapsed).toBeGreaterThanOrEqual(0);
      expect(context.has(tenant)).toBe(false);
      const token = context.set(tenant, 'acme');
      expect(context.get(tenant)).toBe('acme');
      expect(context.run(tenant, 'globex', () => context.get(tenant))).toBe('globex');
      tenant.reset(token);
      expect(() => context.request).toThrow(expect.objectContaining({ code: 'ERR_NOT_IN_REQUEST' }));
      expect(() => context.response).toThrow(expect.objectContaining({ code: 'ERR_NOT_IN_REQUEST' }));
    });
  });

  it.each<[string, () => unknown]>([
    ['id', () => context.id],
    ['correlationId', () => context.correlationId],
    ['startedAt', () => context.startedAt],
    ['elapsed', () => context.elapsed],
    ['request', () => context.request],
    ['response', () => context.response],
    ['get', () => context.get(tenant, 'x')],
    ['has', () => context.has(tenant)],
    ['set', () => context.set(tenant, 'x')],
    ['run', () => context.run(tenant, 'x', () => 'x')],
  ])('outside any unit of work, %s says so', (_, use) => {
    expect(use).toThrow(
      expect.objectContaining({
        code: 'ERR_NO_ACTIVE_CONTEXT',
        message: expect.stringMatching(/^RequestContext\.\w+ was used outside any unit of work; [^.]+\.$/),
      }),
    );
  });
});
