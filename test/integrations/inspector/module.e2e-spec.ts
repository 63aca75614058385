import { setImmediate as setImmediateAsync } from 'node:timers/promises';
import {
  type CanActivate,
  ConsoleLogger,
  type ExecutionContext,
  Inject,
  Injectable,
  Module,
  RequestMethod,
  SetMetadata,
  VersioningType,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, NestFactory, Reflector } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ContextError, ContextModule, type RequestEnd } from 'nestjs-contextvars';
import { InspectorModule } from 'nestjs-contextvars/inspector';
import { map } from 'rxjs';
import { adapters } from '../../nest/http/support/adapters.js';
import { until } from '../../nest/http/support/until.js';
import { Output, restoreNestLogger } from '../../nest/logging/support/output.js';
import { startApp, startModule, stopApps } from '../../nest/module/support/running-app.js';
import { Looker } from './support/looker.js';
import { shop, tenant } from './support/shop.js';
import { listenedTo } from './support/subscribers.js';

let output: Output;
const { NODE_ENV } = process.env;

beforeEach(() => {
  output = new Output();
});
afterEach(async () => {
  process.env.NODE_ENV = NODE_ENV;
  await stopApps();
  output.release();
  restoreNestLogger();
});

const isPublic = 'isPublic';

@Injectable()
class AskForKey implements CanActivate {
  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.getAllAndOverride(isPublic, [context.getHandler(), context.getClass()])) return true;
    // Reads the context of the request, as guards do.
    return tenant.get() === 'staff';
  }
}

@Injectable()
class Vault {
  readonly key = 'open';
}

@Module({ providers: [Vault], exports: [Vault] })
class VaultModule {}

@Injectable()
class VaultGuard implements CanActivate {
  constructor(@Inject(Vault) private readonly vault: Vault) {}

  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest().headers['x-key'] === this.vault.key;
  }
}

describe.each(adapters)('on %s', (adapter) => {
  test.each([{}, { enabled: false }])('with %p there is no route and nothing listens', async (inspector) => {
    const app = await startApp(adapter, shop({ inspector }));
    for (const path of ['', '/events', '/page.js']) {
      expect((await app.get(`/inspector${path}`)).status).toBe(404);
    }
    expect(listenedTo()).toEqual([]);
  });

  test('where a factory does not enable it, its routes are not found, and those of one that does are', async () => {
    const started = (enabled: boolean) =>
      startApp(adapter, {
        imports: [InspectorModule.forRootAsync({ useFactory: async () => ({ enabled, columns: ['team'] }) })],
      });
    const off = await started(false);
    const missing = await off.get('/missing');
    for (const path of ['/inspector', '/inspector/events', '/inspector/page.js']) {
      const answer = await off.get(path);
      expect(answer.status).toBe(404);
      expect(Object.keys(JSON.parse(answer.text))).toEqual(Object.keys(JSON.parse(missing.text)));
    }
    const on = await started(true);
    expect((await on.get('/inspector')).status).toBe(200);
    expect((await Looker.at(on.port)).hello?.columns).toEqual(['team']);
  });

  test('in production it refuses to start, unless it is allowed there', async () => {
    process.env.NODE_ENV = 'production';
    const refused = await startApp(adapter, shop({ inspector: { enabled: true } })).catch((error) => error);
    expect(refused).toBeInstanceOf(ContextError);
    expect(refused.code).toBe('ERR_INSPECTOR_IN_PRODUCTION');
    const off = await startApp(adapter, shop({ inspector: { enabled: false } }));
    expect((await off.get('/inspector')).status).toBe(404);
    const allowed = await startApp(adapter, shop({ inspector: { enabled: true, allowInProduction: true } }));
    expect((await allowed.get('/inspector')).status).toBe(200);
  });

  test('the page and its files say what they are, and that nothing else may be loaded or done', async () => {
    const app = await startApp(adapter, shop({ inspector: { enabled: true } }));
    const page = await app.get('/inspector');
    const files = [...page.text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, file]) => file as string);
    expect(files).toEqual(['inspector/icon.svg', 'inspector/page.css', 'inspector/page.js']);
    const answers = await Promise.all(files.map((file) => app.get(`/${file}`)));
    const types = [page, ...answers].map(({ headers }) => headers['content-type']);
    expect(types).toEqual([
      'text/html; charset=utf-8',
      'image/svg+xml',
      'text/css; charset=utf-8',
      'text/javascript; charset=utf-8',
    ]);
    for (const { headers, status } of [page, ...answers]) {
      expect(status).toBe(200);
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/);
      expect(headers['content-security-policy']).not.toMatch(/unsafe|https?:|\*/);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store, no-transform',
      });
    }
    // A page below a path that ends in a slash is beside its files.
    const withSlash = await app.get('/inspector/');
    if (withSlash.status === 200) expect(withSlash.text).toContain('src="page.js"');
    for (const path of ['page.html', '..%2finspector.js', 'constructor', '__proto__', 'page.js.map'])
      expect((await app.get(`/inspector/${path}`)).status).toBe(404);
  });

  test('all files that modules of the page import are served', async () => {
    const app = await startApp(adapter, shop({ inspector: { enabled: true } }));
    const [wanted, seen] = [['page.js'], new Set<string>()];
    for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
      if (seen.has(name)) continue;
      seen.add(name);
      const { status, text } = await app.get(`/inspector/${name}`);
      expect([name, status]).toEqual([name, 200]);
      for (const [, other = ''] of text.matchAll(/from '\.\/([^']+)'/g)) wanted.push(other);
    }
    expect(seen.size).toBeGreaterThan(5);
  });

  test('it is below the global prefix, and the same in all versions', async () => {
    const parts = shop({ inspector: { enabled: true, path: 'tools/inspector' } });
    const app = await startApp(adapter, {
      ...parts,
      configure: (one) => {
        one.setGlobalPrefix('api', { exclude: [{ path: 'tick', method: RequestMethod.GET }] });
        one.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
      },
    });
    expect((await app.get('/api/tools/inspector')).text).toContain('src="inspector/page.js"');
    expect((await app.get('/api/tools/inspector/page.js')).status).toBe(200);
    expect((await app.get('/tools/inspector')).status).toBe(404);
    const looker = await Looker.at(app.port, '/api/tools/inspector/events');
    await app.send({ method: 'POST', path: '/api/v1/orders' });
    await looker.over('/api/v1/orders');
    expect(looker.requests).toHaveLength(1);
  });

  test('a guard of its own decides who may look, at everything', async () => {
    const inspector = { enabled: true, guards: [VaultGuard], imports: [VaultModule] };
    const app = await startApp(adapter, shop({ inspector }));
    for (const path of ['/inspector', '/inspector/page.js', '/inspector/events'])
      expect((await app.get(path)).status).toBe(403);
    expect(listenedTo()).toEqual([]);
    expect((await app.get('/inspector', { 'x-key': 'open' })).status).toBe(200);
    expect((await Looker.at(app.port, '/inspector/events', { 'x-key': 'open' })).response.statusCode).toBe(
      200,
    );
    // Nobody else is asked for the key.
    expect((await app.get('/tick')).status).toBe(200);
  });

  test('a global guard decides too, with the context of the request, unless a decorator says otherwise', async () => {
    const guarded = (decorators: ClassDecorator[]) => {
      const parts = shop({ inspector: { enabled: true, decorators } });
      return startApp(adapter, {
        ...parts,
        providers: [...(parts.providers ?? []), { provide: APP_GUARD, useClass: AskForKey }],
      });
    };
    const app = await guarded([]);
    expect((await app.get('/inspector')).status).toBe(403);
    expect((await app.get('/inspector/events')).status).toBe(403);
    expect((await app.get('/inspector', { 'x-tenant': 'staff' })).status).toBe(200);
    const open = await guarded([SetMetadata(isPublic, true)]);
    expect((await open.get('/inspector')).status).toBe(200);
    expect((await open.get('/tick')).status).toBe(403);
    const looker = await Looker.at(app.port, '/inspector/events', { 'x-tenant': 'staff' });
    await app.get('/inspector');
    await app.get('/tick', { 'x-tenant': 'staff' });
    await looker.over('/tick');
    // Nor are those of its requests shown that were refused.
    expect(looker.requests.map(({ title }) => title)).toEqual(['/tick']);
  });

  test('a global interceptor that wraps all answers leaves its own alone', async () => {
    const parts = shop({ inspector: { enabled: true } });
    const wrapping = { intercept: (_: unknown, next: any) => next.handle().pipe(map((data) => ({ data }))) };
    const providers = [...(parts.providers ?? []), { provide: APP_INTERCEPTOR, useValue: wrapping }];
    const app = await startApp(adapter, { ...parts, providers });
    expect((await app.get('/tick')).text).toBe('{"data":"ticked"}');
    expect((await app.get('/inspector')).text).toMatch(/^<!doctype html>/);
    expect((await Looker.at(app.port)).hello?.columns).toEqual(['tenant', 'user']);
  });

  test('another site cannot read its events, whatever the application allows other origins', async () => {
    const app = await startApp(adapter, {
      ...shop({ inspector: { enabled: true } }),
      configure: (one) => one.enableCors({ origin: true, credentials: true }),
    });
    const origin = { origin: 'https://evil.example' };
    for (const site of ['cross-site', 'same-site'])
      expect((await app.get('/inspector/events', { ...origin, 'sec-fetch-site': site })).status).toBe(403);
    expect((await app.get('/tick', origin)).headers).toHaveProperty('access-control-allow-origin');
    const old = await Looker.at(app.port, '/inspector/events', origin);
    expect(old.response.headers).not.toHaveProperty('access-control-allow-origin');
  });

  test('a HEAD of the events opens none', async () => {
    const app = await startApp(adapter, shop({ inspector: { enabled: true } }));
    const { status, text } = await app.send({ method: 'HEAD', path: '/inspector/events' });
    expect([200, 404]).toContain(status);
    expect(text).toBe('');
    expect(listenedTo()).toEqual([]);
  });

  test('nothing can be changed through it: other methods are not found', async () => {
    const app = await startApp(adapter, shop({ inspector: { enabled: true } }));
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      for (const path of ['/inspector', '/inspector/events', '/inspector/page.js'])
        expect((await app.send({ method, path })).status).toBe(404);
  });

  test('the unit of work of a page that looks ends at once, as completed', async () => {
    const ends: RequestEnd[] = [];
    const app = await startApp(
      adapter,
      shop({ inspector: { enabled: true }, context: { onEnd: (_context, end) => void ends.push(end) } }),
    );
    const looker = await Looker.at(app.port);
    await until('it has ended', () => ends.length === 1);
    expect(ends).toMatchObject([{ outcome: 'completed', status: 200, error: undefined }]);
    expect(looker.closed).toBe(false);
    await app.get('/tick');
    await looker.over('/tick');
    await looker.leave();
    expect(ends).toHaveLength(2);
  });

  test('a request of it that the context module excludes is served all the same', async () => {
    const exclude = ['inspector', 'inspector/*'];
    const app = await startApp(adapter, shop({ inspector: { enabled: true }, context: { exclude } }));
    expect((await app.get('/inspector')).status).toBe(200);
    const looker = await Looker.at(app.port);
    await app.get('/tick');
    await looker.over('/tick');
  });

  test('who has left before a guard had decided does not look', async () => {
    let left = false;
    let decided = (): void => {};
    const decision = new Promise<void>((resolve) => {
      decided = resolve;
    });
    const slowGuard: CanActivate = {
      canActivate: async (context) => {
        const { raw, socket } = context.switchToHttp().getRequest();
        (raw?.socket ?? socket).on('close', () => {
          left = true;
        });
        await until('the client has left', () => left);
        setImmediate(decided);
        return true;
      },
    };
    const app = await startApp(adapter, shop({ inspector: { enabled: true, guards: [slowGuard] } }));
    const aborted = new AbortController();
    const look = fetch(`http://127.0.0.1:${app.port}/inspector/events`, { signal: aborted.signal });
    setTimeout(() => aborted.abort(), 50);
    await expect(look).rejects.toThrow('aborted');
    await decision;
    await setImmediateAsync();
    expect(left).toBe(true);
    expect(listenedTo()).toEqual([]);
  });

  test('so many may look, and one more when one has left', async () => {
    const app = await startApp(adapter, shop({ inspector: { enabled: true } }));
    const lookers = await Promise.all(Array.from({ length: 8 }, () => Looker.at(app.port)));
    expect((await Looker.at(app.port)).response.statusCode).toBe(503);
    await lookers[0]?.leave();
    let status: number | undefined;
    // The server hears of that a moment later.
    while (status !== 200) ({ statusCode: status } = (await Looker.at(app.port)).response);
  });

  test('an application with an open page can be closed, and tells the page so', async () => {
    const { options, imports = [], controllers, providers } = shop({ inspector: { enabled: true } });
    class RootModule {}
    const module = {
      module: RootModule,
      imports: [ContextModule.forRoot(options), ...imports],
      controllers,
      providers,
    };
    const http = adapter === 'Express' ? new ExpressAdapter() : new FastifyAdapter();
    // Closing connections by force, as other tests do, would hide one that stays open.
    const app = await NestFactory.create(module as never, http as never, { logger: false });
    await app.listen(0, '127.0.0.1');
    const looker = await Looker.at(app.getHttpServer().address().port);
    await app.close();
    await until('the page is told', () => looker.closed);
    expect(looker.response.complete).toBe(true);
    expect(listenedTo()).toEqual([]);
  });
});

test.each([
  [{ enabled: 'yes' }, 'enabled'],
  [{ enabled: true, allowInProduction: 1 }, 'allowInProduction'],
  [{ enabled: true, requests: 0 }, 'requests'],
  [{ enabled: true, requests: 1001 }, 'requests'],
  [{ enabled: true, requests: 2.5 }, 'requests'],
  [{ enabled: true, columns: 'tenant' }, 'columns'],
  [{ enabled: true, secrets: [7] }, 'secrets'],
  [{ enabled: true, path: '' }, 'path'],
  [{ enabled: true, path: '//host' }, 'path'],
  [{ enabled: true, path: 'a/:b' }, 'path'],
  [{ enabled: true, guards: [7] }, 'guards'],
  [{ enabled: true, decorators: ['x'] }, 'decorators'],
  [{ enabled: true, imports: {} }, 'imports'],
  [{ enabled: true, actions: {} }, 'actions'],
  [{ enabled: true, actions: [{ label: '', requests: [{ path: '/' }] }] }, 'actions[0].label'],
  [{ enabled: true, actions: [{ label: 'x', requests: [] }] }, 'actions[0].requests'],
  [{ enabled: true, actions: [{ label: 'x', requests: [{ path: '/' }], times: 101 }] }, 'actions[0].times'],
  [
    { enabled: true, actions: [{ label: 'x', requests: [{ path: '/' }], overlapping: 1 }] },
    'actions[0].overlapping',
  ],
  [
    { enabled: true, actions: [{ label: 'x', requests: [{ path: '//host/' }] }] },
    'actions[0].requests[0].path',
  ],
  [
    { enabled: true, actions: [{ label: 'x', requests: [{ path: '/\\host/' }] }] },
    'actions[0].requests[0].path',
  ],
  [
    { enabled: true, actions: [{ label: 'x', requests: [{ path: 'https://h/' }] }] },
    'actions[0].requests[0].path',
  ],
  [
    { enabled: true, actions: [{ label: 'x', requests: [{ path: '/', method: 'A B' }] }] },
    'actions[0].requests[0].method',
  ],
  [
    { enabled: true, actions: [{ label: 'x', requests: [{ path: '/', headers: { a: 1 } }] }] },
    'actions[0].requests[0].headers',
  ],
])('%p is a TypeError that names the option %s', async (options, option) => {
  const start = async () => {
    class RootModule {}
    const imports = [InspectorModule.forRoot(options as never)];
    await startModule('Fastify', { module: RootModule, imports }, { logger: new ConsoleLogger() });
  };
  await expect(start()).rejects.toThrow(`InspectorModule: option '${option}' must be `);
  await expect(start()).rejects.toThrow(TypeError);
});
