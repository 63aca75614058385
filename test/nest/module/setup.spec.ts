import { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Get, HttpException } from '@nestjs/common';
import { type ContextSetup, ContextVar, currentUnit } from 'nestjs-contextvars';
import { adapters } from '../http/support/adapters.js';
import { ProbeController } from './support/probe.controller.js';
import { startApp, stopApps } from './support/running-app.js';

afterEach(stopApps);

const tenant = new ContextVar<string>('tenant', { default: 'none' });

@Controller()
class TenantController {
  @Get('tenant') tenant(): string {
    return tenant.get();
  }
}

describe.each(adapters)('on %s, setup', (adapter) => {
  const start = (setup: ContextSetup, configure?: Parameters<typeof startApp>[1]['configure']) =>
    startApp(adapter, {
      options: { setup, logger: false },
      controllers: [TenantController, ProbeController],
      ...(configure && { configure }),
    });

  it("gets Node's own request and response", async () => {
    let seen: [IncomingMessage, ServerResponse] | undefined;
    const app = await start((_context, request, response) => {
      seen = [request, response];
      response.setHeader('x-from-setup', 'yes');
    });
    expect((await app.get('/')).headers).toMatchObject({ 'x-from-setup': 'yes' });
    expect(seen?.[0]).toBeInstanceOf(IncomingMessage);
    expect(seen?.[1]).toBeInstanceOf(ServerResponse);
    expect(seen?.[1].req).toBe(seen?.[0]);
  });

  it('may be a thenable that calls back from anywhere: what follows is in the context', async () => {
    const callbacks: (() => void)[] = [];
    const pool = setInterval(() => callbacks.pop()?.(), 1);
    const app = await start((context) => {
      context.set(tenant, 'acme');
      const later = { then: (resolve: () => void) => void callbacks.push(resolve) };
      return later as unknown as Promise<void>;
    });
    expect((await app.get('/tenant')).text).toBe('acme');
    clearInterval(pool);
  });

  it.each<[string, ContextSetup, number]>([
    [
      'throws',
      () => {
        throw new Error('x');
      },
      500,
    ],
    [
      'rejects',
      async () => {
        throw new Error('x');
      },
      500,
    ],
    ['rejects with undefined', () => Promise.reject(), 500],
    [
      'throws an HttpException',
      () => {
        throw new HttpException('teapot', 418);
      },
      418,
    ],
  ])('that %s is answered by the exception layer', async (_, setup, status) => {
    expect((await (await start(setup)).get('/')).status).toBe(status);
  });

  describe("beside another package's request hook", () => {
    type Done = (error?: unknown) => void;
    const withHook = (hook: (request: unknown, response: unknown, done: Done) => unknown) =>
      start(
        (context) => void context.set(tenant, 'acme'),
        (app) => (app.getHttpAdapter() as any).setOnRequestHook(hook),
      );

    it('the other hook runs after it, inside', async () => {
      const seen: unknown[] = [];
      const app = await withHook((_request, _response, done) => {
        seen.push([currentUnit()?.kind, tenant.get()]);
        done();
      });
      expect((await app.get('/tenant')).text).toBe('acme');
      expect(seen).toEqual([['http', 'acme']]);
    });

    it.each<[string, (...args: any[]) => unknown]>([
      [
        'throws',
        () => {
          throw new Error('hook');
        },
      ],
      [
        'rejects',
        async () => {
          throw new Error('hook');
        },
      ],
      ['calls back with an error', (_request, _response, done: Done) => done(new Error('hook'))],
    ])('an other hook that %s is a 500', async (_, hook) => {
      expect((await (await withHook(hook)).get('/tenant')).status).toBe(500);
    });
  });

  it('works with an adapter of Nest before 11.2, which has no request hook', async () => {
    const app = await startApp(adapter, {
      options: {
        setup: async (context, request) => {
          if (request.url === '/fails') throw new HttpException('teapot', 418);
          context.set(tenant, 'acme');
        },
        exclude: ['excluded'],
      },
      controllers: [TenantController, ProbeController],
      adapt: (http) => Object.assign(http, { setOnRequestHook: undefined }),
    });
    expect((await app.get('/tenant')).text).toBe('acme');
    expect((await app.get('/fails')).status).toBe(418);
    expect((await app.get('/excluded')).text).toBe('ERR_NO_ACTIVE_CONTEXT');
    expect((await app.get('/tenant')).text).toBe('acme');
  });
});
