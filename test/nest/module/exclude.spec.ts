import { RequestMethod, VersioningType } from '@nestjs/common';
import { type ContextModuleOptions, type ExcludedRoute, runUnitOfWork } from 'nestjs-contextvars';
import { adapters } from '../http/support/adapters.js';
import { ProbeController } from './support/probe.controller.js';
import { startApp, stopApps } from './support/running-app.js';

afterEach(stopApps);

const NONE = 'ERR_NO_ACTIVE_CONTEXT';
const controllers = [ProbeController];

describe.each(adapters)('on %s', (adapter) => {
  const start = (exclude: ExcludedRoute[], rest: ContextModuleOptions = {}, prefix?: string) =>
    startApp(adapter, {
      options: { ...rest, exclude },
      controllers,
      configure: (app) => prefix && app.setGlobalPrefix(prefix),
    });

  it('an excluded request has no unit of work, no ids, no set-up, no populators and no report of its end', async () => {
    const calls: string[] = [];
    const note = (what: string) => () => void calls.push(what);
    const app = await start(['health'], {
      setup: note('setup'),
      populate: note('populate'),
      onEnd: note('end'),
    });
    const answer = await app.get('/health', { 'x-request-id': 'theirs' });
    expect(answer).toMatchObject({ status: 200, text: NONE });
    expect(answer.headers).not.toHaveProperty('x-request-id');
    expect(answer.headers).not.toHaveProperty('x-correlation-id');
    expect(calls).toEqual([]);
    expect((await app.get('/orders')).text).toBe('http');
    await app.close();
    expect(calls).toEqual(['setup', 'populate', 'end']);
  });

  it.each<[ExcludedRoute, string[], string[]]>([
    [
      'health',
      ['/health', '/health?x=/y', '/health/', '/HEALTH'],
      ['/healthy', '/a/health', '/health/a', '/'],
    ],
    [
      '/users/:id/photo',
      ['/users/1/photo', '/users/a.b/photo'],
      ['/users/photo', '/users/1/2/photo', '/users/1'],
    ],
    ['assets/*', ['/assets/a', '/assets/css/a.css'], ['/assets', '/assetsx/a', '/x/assets/a']],
    ['assets/*rest', ['/assets/css/a.css'], ['/assets']],
    ['*', ['/', '/a', '/a/b'], []],
    ['/', ['/', '/?a=b'], ['/a']],
    ['a.b', ['/a.b'], ['/axb']],
  ])('%j excludes %j and not %j', async (route, excluded, kept) => {
    const app = await start([route]);
    // By the headers: what one framework serves is a 404 on the other.
    const isExcluded = async (path: string) => !((await app.get(path)).headers['x-request-id'] as unknown);
    for (const path of excluded) expect([path, await isExcluded(path)]).toEqual([path, true]);
    for (const path of kept) expect([path, await isExcluded(path)]).toEqual([path, false]);
  });

  it('a route with a method excludes that method only', async () => {
    const app = await start([
      { path: 'orders', method: RequestMethod.POST },
      { path: 'all', method: RequestMethod.ALL },
      { path: 'any' },
    ]);
    const text = async (method: string, path: string) => (await app.send({ method, path })).text;
    expect(await text('POST', '/orders')).toBe(NONE);
    expect(await text('GET', '/orders')).toBe('http');
    expect(await text('PUT', '/all')).toBe(NONE);
    expect(await text('DELETE', '/any')).toBe(NONE);
  });

  it.each(['api', '/api/', 'api/:region'])(
    'a route matches with and without the global prefix %s',
    async (prefix) => {
      const app = await start(['health', 'assets/*'], {}, prefix);
      const under = prefix.includes(':') ? '/api/eu' : '/api';
      expect((await app.get(`${under}/health`)).text).toBe(NONE);
      expect((await app.get(`${under}/assets/a`)).text).toBe(NONE);
      expect((await app.get(`${under}/orders`)).text).toBe('http');
      const outside = await app.get('/health');
      expect(outside.status).toBe(404);
      expect(outside.headers).not.toHaveProperty('x-request-id');
      expect((await app.get('/orders')).headers).toHaveProperty('x-request-id');
    },
  );

  it('a version in the URL is part of the path', async () => {
    const app = await startApp(adapter, {
      options: { exclude: ['v1/health'] },
      controllers,
      configure: (app) => {
        app.setGlobalPrefix('api');
        app.enableVersioning({ type: VersioningType.URI, defaultVersion: ['1', '2'] });
      },
    });
    expect((await app.get('/api/v1/health')).text).toBe(NONE);
    expect((await app.get('/api/v2/health')).text).toBe('http');
  });

  it('an excluded request has no context either where the server was started in one', async () => {
    const app = await runUnitOfWork({ kind: 'boot' }, () => start(['health']));
    expect((await app.get('/health')).text).toBe(NONE);
    expect((await app.get('/orders')).text).toBe('http');
  });

  it('on one connection, neither kind of request sees anything of the one before it', async () => {
    const app = await start(['health']);
    for (const path of ['/health', '/orders', '/health']) {
      expect((await app.get(path)).text).toBe(path === '/health' ? NONE : 'http');
    }
  });
});

it.each([
  ['health{/*rest}'],
  ['(.*)'],
  ['a/*/b'],
  ['a?'],
  [{ path: 'a', method: 99 }],
  [{}],
  [undefined],
  [/health/],
])('what is not written as a route is refused: %j', async (route) => {
  await expect(
    startApp('Express', { options: { exclude: [route as ExcludedRoute] }, controllers }),
  ).rejects.toThrow(/^ContextModule: option 'exclude' must /);
});

it('a single string is refused: it would be taken as its characters', async () => {
  const exclude = 'health' as unknown as ExcludedRoute[];
  await expect(startApp('Express', { options: { exclude }, controllers })).rejects.toThrow(
    "ContextModule: option 'exclude' must be an array of routes",
  );
});
