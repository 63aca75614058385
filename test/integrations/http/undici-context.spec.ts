import { propagateOutgoing, undiciContext } from 'nestjs-contextvars/http';
import * as undici from 'undici';
import { firstLoaded } from '../../../src/core/internal.js';
import { carried, contextOf, inUnit, NOTHING, tenant } from './support/contexts.js';
import { type RecordingServer, recordingServer } from './support/recording-server.js';

// What `propagateOutgoing` has to leave without a context gets its own here: the interceptor is asked by the caller.

let listed: RecordingServer;
let other: RecordingServer;
const dispatchers: undici.Dispatcher[] = [];
beforeAll(async () => {
  listed = await recordingServer();
  other = await recordingServer();
});
beforeEach(() => {
  listed.seen.length = 0;
  other.seen.length = 0;
});
afterEach(async () => {
  // The mark that it leaves for itself stays in the process.
  for (const { headers } of [...listed.seen, ...other.seen]) {
    expect(Object.keys(headers).filter((name) => name.startsWith('x-nestjs'))).toEqual([]);
  }
  for (const dispatcher of dispatchers.splice(0)) await dispatcher.destroy();
});
afterAll(async () => {
  await listed.close();
  await other.close();
});

function compose(options: undici.Agent.Options, ...others: undici.Dispatcher.DispatcherComposeInterceptor[]) {
  const agent = new undici.Agent(options);
  dispatchers.push(agent);
  return agent.compose(undiciContext({ origins: [listed.origin] }), ...others);
}

const { redirect, retry } = undici.interceptors;
const ids = Array.from({ length: 30 }, (_, i) => `u${i}`);

const asks: [string, (url: string, dispatcher: undici.Dispatcher, init?: any) => Promise<unknown>][] = [
  [
    'undici.request',
    async (url, dispatcher, init) => (await undici.request(url, { ...init, dispatcher })).body.text(),
  ],
  [
    'undici.fetch',
    async (url, dispatcher, init) => (await undici.fetch(url, { ...init, dispatcher })).text(),
  ],
  ['the fetch of Node', async (url, dispatcher, init) => (await fetch(url, { ...init, dispatcher })).text()],
  [
    'undici.stream',
    async (url, dispatcher, init) => {
      const { Writable } = await import('node:stream');
      await undici.stream(
        url,
        { method: 'GET', ...init, dispatcher },
        () => new Writable({ write: (_a, _b, done) => done() }),
      );
    },
  ],
];

describe.each(asks)('%s', (name, ask) => {
  it.each<[string, () => undici.Dispatcher, (id: string) => string]>([
    ['a pool with a limit on connections', () => compose({ connections: 2 }), (id) => `/q-${id}`],
    ['a pool that pipelines', () => compose({ connections: 2, pipelining: 3 }), (id) => `/q-${id}`],
    [
      'retries',
      () => compose({ connections: 1 }, retry({ minTimeout: 1 })),
      (id) => `/fail-once/${name.replace(/\W/g, '')}-${id}`,
    ],
    [
      'redirects',
      () => compose({ connections: 1 }, redirect({ maxRedirections: 3 })),
      (id) => `/to?/end-${id}`,
    ],
  ])('each request has the context of its caller: %s', async (_, make, pathOf) => {
    const dispatcher = make();
    await Promise.all(ids.map((id) => inUnit(id, () => ask(listed.origin + pathOf(id), dispatcher))));
    for (const id of ids) {
      const seen = listed.seen.filter(({ path }) => path.endsWith(`-${id}`));
      expect(seen.length).toBeGreaterThan(0);
      for (const one of seen) expect(contextOf(one)).toEqual(carried(id));
    }
  });

  it('a redirect to an origin that is not listed loses everything', async () => {
    const dispatcher = compose({ connections: 1 }, redirect({ maxRedirections: 3 }));
    const away = `${other.origin}/to?${listed.origin}/back`;
    await inUnit('a', () => ask(`${listed.origin}/to?${away}`, dispatcher));
    expect(other.seen.map(contextOf)).toEqual([NOTHING]);
    expect(listed.seen.map(contextOf)).toEqual([carried('a'), carried('a')]);
  });

  it('so it does where the interceptor is not the first, and where it is there twice', async () => {
    const agent = new undici.Agent();
    dispatchers.push(agent);
    const context = () => undiciContext({ origins: [listed.origin] });
    const headers = { 'x-request-id': 'own', baggage: 'v=1' };
    const away = `${listed.origin}/to?${other.origin}/end`;
    const follow = redirect({ maxRedirections: 3 });
    await inUnit('a', () => ask(away, agent.compose(follow, context()), { headers }));
    await inUnit('a', () => ask(away, agent.compose(context(), follow, context()), { headers }));
    const given = { request: 'own', correlation: 'a', baggage: 'v=1,tenant=tenant-a' };
    expect(listed.seen.map(contextOf)).toEqual([given, given]);
    const without = { ...NOTHING, request: 'own', baggage: 'v=1' };
    expect(other.seen.map(contextOf)).toEqual([without, without]);
  });

  it('with propagateOutgoing each header is there once', async () => {
    using _stop = propagateOutgoing({ origins: [listed.origin, other.origin] });
    const dispatcher = compose({ connections: 2 });
    await Promise.all(ids.map((id) => inUnit(id, () => ask(`${listed.origin}/${id}`, dispatcher))));
    for (const id of ids) {
      const [seen, ...more] = listed.at(`/${id}`);
      expect(more).toEqual([]);
      expect(contextOf(seen as any)).toEqual(carried(id));
      expect(seen?.counts).toMatchObject({ 'x-request-id': 1, 'x-correlation-id': 1, baggage: 1 });
    }
  });

  it('sends nothing outside any unit of work', async () => {
    await ask(`${listed.origin}/x`, compose({}));
    expect(listed.at('/x').map(contextOf)).toEqual([NOTHING]);
  });
});

it('remembers a request only until it is over', async () => {
  const marked = firstLoaded('http.marked', () => new Map());
  const dispatcher = compose({ connections: 1 }, retry({ minTimeout: 1 }), redirect({ maxRedirections: 3 }));
  const paths = ['/x', '/to?/end', '/fail-once/marked', '/destroyed'];
  await inUnit('a', async () => {
    for (const path of paths.slice(0, 3)) {
      await (await undici.request(listed.origin + path, { dispatcher })).body.text();
    }
    expect(marked.size).toBe(0);
    const gone = undici
      .request(`${listed.origin}${paths[3]}`, { dispatcher })
      .catch((error: Error) => error.name);
    expect(marked.size).toBe(1);
    await dispatchers[0]?.destroy();
    expect(await gone).toMatch(/Error/);
  });
  expect(marked.size).toBe(0);
});

it('a mark from outside is taken off, and means nothing', async () => {
  const headers = { 'x-nestjs-contextvars-mark': 'a, b' };
  await inUnit('a', () => undici.request(`${other.origin}/x`, { dispatcher: compose({}), headers }));
  await inUnit('a', () => undici.request(`${listed.origin}/x`, { dispatcher: compose({}), headers }));
  expect(other.seen.map(contextOf)).toEqual([NOTHING]);
  expect(listed.seen.map(contextOf)).toEqual([carried('a')]);
});

it.each<[string, unknown]>([
  ['an object', { 'X-Request-Id': 'own', a: 'b', baggage: 'v=1' }],
  ['names and values in turn', ['X-Request-Id', 'own', 'a', 'b', 'baggage', 'v=1']],
  [
    'pairs',
    new Map([
      ['X-Request-Id', 'own'],
      ['a', 'b'],
      ['baggage', 'v=1'],
    ]),
  ],
])('headers of the caller stay, given as %s', async (_, headers) => {
  const given = structuredClone(headers);
  await inUnit('a', () =>
    undici.request(`${listed.origin}/x`, { dispatcher: compose({}), headers: headers as any }),
  );
  const [{ headers: seen, counts }] = listed.at('/x') as [any];
  expect(seen).toMatchObject({ 'x-request-id': 'own', a: 'b', baggage: 'v=1,tenant=tenant-a' });
  expect(counts).toMatchObject({ 'x-request-id': 1, baggage: 1 });
  expect(headers).toEqual(given);
});

it('what the caller runs under is kept through a retry', async () => {
  const dispatcher = compose({ connections: 1 }, retry({ minTimeout: 1 }));
  await inUnit('a', () =>
    tenant.run('inner', async () =>
      (await undici.request(`${listed.origin}/fail-once/run`, { dispatcher })).body.text(),
    ),
  );
  expect(listed.seen.map(contextOf)).toEqual(Array(2).fill({ ...carried('a'), baggage: 'tenant=inner' }));
});

it('a proxy is told only where it is listed itself', async () => {
  const proxied = (origins: string[]) => {
    const agent = new undici.Agent();
    dispatchers.push(agent);
    return agent.compose(undiciContext({ origins }));
  };
  const ask = (origins: string[]) =>
    inUnit('a', () =>
      proxied(origins).request({ origin: other.origin, path: `${listed.origin}/x`, method: 'GET' }),
    );
  await ask([listed.origin]);
  await ask([other.origin]);
  await ask([listed.origin, other.origin]);
  expect(other.seen.map(contextOf)).toEqual([NOTHING, NOTHING, carried('a')]);
});
