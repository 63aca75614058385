import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { runUnitOfWork } from 'nestjs-contextvars/core';
import { axiosContext, propagateOutgoing } from 'nestjs-contextvars/http';
import { attempts, carried, contextOf, inUnit, NOTHING } from './support/contexts.js';
import { type RecordingServer, recordingServer } from './support/recording-server.js';

let listed: RecordingServer;
let second: RecordingServer;
let other: RecordingServer;
let client: AxiosInstance;
beforeAll(async () => {
  listed = await recordingServer();
  second = await recordingServer();
  other = await recordingServer();
});
afterAll(async () => {
  for (const server of [listed, second, other]) await server.close();
});
beforeEach(() => {
  for (const server of [listed, second, other]) server.seen.length = 0;
  client = clientOf();
});

function clientOf(config: AxiosRequestConfig = {}): AxiosInstance {
  // Without the proxies of the environment.
  const created = axios.create({ proxy: false, ...config });
  created.interceptors.request.use(axiosContext({ origins: [listed.origin, second.origin] }));
  return created;
}

const ids = Array.from({ length: 20 }, (_, i) => `u${i}`);

it('sends the context of the caller, and keeps overlapping requests apart', async () => {
  await Promise.all(ids.map((id) => inUnit(id, () => client.get(`${listed.origin}/${id}`))));
  for (const id of ids) expect(listed.at(`/${id}`).map(contextOf)).toEqual([carried(id)]);
});

it('sends nothing to an origin that is not listed, and nothing outside any unit of work', async () => {
  await inUnit('a', () => client.get(`${other.origin}/x`));
  await client.get(`${listed.origin}/x`);
  expect([...other.seen, ...listed.seen].map(contextOf)).toEqual([NOTHING, NOTHING]);
});

it.each<[string, () => AxiosRequestConfig, 'listed' | 'other']>([
  ['a baseURL and a path', () => ({ baseURL: `${listed.origin}/v1/`, url: '/x' }), 'listed'],
  ['a baseURL alone', () => ({ baseURL: `${listed.origin}/v1/x` }), 'listed'],
  [
    'an absolute URL that overrides the baseURL',
    () => ({ baseURL: other.origin, url: `${listed.origin}/v1/x` }),
    'listed',
  ],
  [
    'an absolute URL that leaves the baseURL',
    () => ({ baseURL: listed.origin, url: `${other.origin}/v1/x` }),
    'other',
  ],
  [
    'a URL without a scheme',
    () => ({ baseURL: listed.origin, url: `//127.0.0.1:${other.port}/v1/x` }),
    'other',
  ],
  ['a baseURL that is not listed', () => ({ baseURL: `${other.origin}/v1`, url: 'x' }), 'other'],
])('looks at %s', async (_, config, where) => {
  const request = clientOf().request(config());
  await inUnit('a', () =>
    clientOf()
      .request(config())
      .catch(() => {}),
  );
  await request.catch(() => {});
  const reached = [...listed.seen, ...other.seen].filter(({ path }) => path === '/v1/x').map(contextOf);
  const withContext = reached.filter((one) => one.request !== undefined);
  expect(withContext).toEqual(where === 'listed' ? [carried('a')] : []);
  expect(other.seen.map(contextOf)).toEqual(other.seen.map(() => NOTHING));
});

it('an absolute URL where those are not allowed stays at the baseURL, and gets nothing', async () => {
  await inUnit('a', () =>
    client.get(`${other.origin}/x`, { baseURL: listed.origin, allowAbsoluteUrls: false }),
  );
  expect(listed.seen.map(contextOf)).toEqual([NOTHING]);
  expect(other.seen).toEqual([]);
});

it('looks at what interceptors make of the URL that run later', async () => {
  const created = axios.create({ proxy: false });
  created.interceptors.request.use((config) => ({ ...config, url: `${other.origin}/x` }));
  // axios runs the one that was added last first.
  created.interceptors.request.use(axiosContext({ origins: [listed.origin] }));
  await inUnit('a', () => created.get(`${listed.origin}/x`));
  expect(other.at('/x').map(contextOf)).toEqual([NOTHING]);
});

describe('a redirect', () => {
  it('to another listed origin keeps the context', async () => {
    await inUnit('a', () => client.get(`${listed.origin}/to?${second.origin}/end`));
    expect([...listed.seen, ...second.seen].map(contextOf)).toEqual([carried('a'), carried('a')]);
  });

  it('to an origin that is not listed loses it, and gets it back on the way back', async () => {
    const away = `${other.origin}/to?${second.origin}/end`;
    await inUnit('a', () => client.get(`${listed.origin}/to?${away}`));
    expect(listed.seen.map(contextOf)).toEqual([carried('a')]);
    expect(other.seen.map(contextOf)).toEqual([NOTHING]);
    expect(second.seen.map(contextOf)).toEqual([carried('a')]);
  });

  it('from an origin that is not listed to a listed one gets it', async () => {
    await inUnit('a', () => client.get(`${other.origin}/to?${listed.origin}/end`));
    expect(other.seen.map(contextOf)).toEqual([NOTHING]);
    expect(listed.seen.map(contextOf)).toEqual([carried('a')]);
  });

  it('leaves what the caller has set', async () => {
    const headers = { 'X-Request-ID': 'own', baggage: 'v=1' };
    await inUnit('a', () => client.get(`${listed.origin}/to?${other.origin}/end`, { headers }));
    expect(listed.seen.map(contextOf)).toEqual([
      { request: 'own', correlation: 'a', baggage: 'v=1,tenant=tenant-a' },
    ]);
    expect(other.seen.map(contextOf)).toEqual([{ ...NOTHING, request: 'own', baggage: 'v=1' }]);
  });

  it('goes through the hook of the application, which may set headers, and not send it elsewhere unseen', async () => {
    const seen: string[] = [];
    await inUnit('a', () =>
      client.get(`${listed.origin}/to?${second.origin}/end`, {
        beforeRedirect(options) {
          seen.push(options.href);
          options.headers['x-correlation-id'] = 'own';
        },
      }),
    );
    expect(seen).toEqual([`${second.origin}/end`]);
    expect(second.seen.map(contextOf)).toEqual([{ ...carried('a'), correlation: 'own' }]);
    await inUnit('b', () =>
      client.get(`${listed.origin}/to?${second.origin}/end`, {
        beforeRedirect(options) {
          options.port = String(other.port);
          options.host = `127.0.0.1:${other.port}`;
        },
      }),
    );
    expect(other.seen.map(contextOf)).toEqual([NOTHING]);
  });

  it('keeps overlapping requests apart', async () => {
    await Promise.all(
      ids.map((id) => inUnit(id, () => client.get(`${listed.origin}/to?${second.origin}/${id}`))),
    );
    for (const id of ids) expect(second.at(`/${id}`).map(contextOf)).toEqual([carried(id)]);
  });
});

describe('a request that is sent again with its configuration', () => {
  it('has the headers of the second time, each once', async () => {
    const { config } = await inUnit('a', () => client.get(`${listed.origin}/1`));
    await inUnit('b', () => {
      attempts.set(2);
      return client.request({ ...config, url: `${listed.origin}/2` });
    });
    const [seen] = listed.at('/2') as [any];
    expect(contextOf(seen)).toEqual({ ...carried('b'), baggage: 'attempts=2,tenant=tenant-b' });
    expect(seen.counts).toMatchObject({ 'x-request-id': 1, baggage: 1 });
  });

  it('to another origin, or outside any unit of work, has none of those of the first', async () => {
    const { config } = await inUnit('a', () => client.get(`${listed.origin}/1`));
    await inUnit('b', () => client.request({ ...config, url: `${other.origin}/2` }));
    await client.request({ ...config, url: `${listed.origin}/3` });
    expect([...other.seen, ...listed.at('/3')].map(contextOf)).toEqual([NOTHING, NOTHING]);
  });

  it('follows redirects as the first one', async () => {
    let hooked = 0;
    const beforeRedirect = () => void hooked++;
    const first = await inUnit('a', () => client.get(`${listed.origin}/1`, { beforeRedirect }));
    await inUnit('b', () =>
      client.request({ ...first.config, url: `${listed.origin}/to?${other.origin}/2` }),
    );
    expect(other.seen.map(contextOf)).toEqual([NOTHING]);
    expect(hooked).toBe(1);
  });
});

it.each<[string, () => AxiosRequestConfig]>([
  ['the adapter fetch', () => ({ adapter: 'fetch' })],
  ['an adapter of the application', () => ({ adapter: (config) => axios.getAdapter('http')(config) })],
  ['a transport', () => ({ transport: require('node:http') })],
])('sends nothing with %s, which may go elsewhere', async (_, config) => {
  await inUnit('a', () => client.get(`${listed.origin}/x`, config()));
  expect(listed.at('/x').map(contextOf)).toEqual([NOTHING]);
});

it('with the adapter fetch propagateOutgoing sends it, and follows redirects', async () => {
  using _stop = propagateOutgoing({ origins: [listed.origin] });
  await inUnit('a', () => client.get(`${listed.origin}/to?${other.origin}/end`, { adapter: 'fetch' }));
  expect(listed.seen.map(contextOf)).toEqual([carried('a')]);
  expect(other.seen.map(contextOf)).toEqual([NOTHING]);
});

it('a header that the caller switches off stays off', async () => {
  await inUnit('a', () =>
    client.get(`${listed.origin}/x`, { headers: { 'X-Request-Id': false, baggage: false } }),
  );
  expect(listed.at('/x').map(contextOf)).toEqual([{ ...NOTHING, correlation: 'a' }]);
});

it('the body and the transforms of the application are as before', async () => {
  let body: unknown;
  const transformRequest = [(data: unknown) => ({ wrapped: data }), (data: unknown) => JSON.stringify(data)];
  client.interceptors.response.use((response) => {
    body = response.config.data;
    return response;
  });
  await inUnit('a', () => client.post(`${listed.origin}/x`, { a: 1 }, { transformRequest }));
  expect(body).toBe('{"wrapped":{"a":1}}');
  await inUnit('a', () => client.post(`${listed.origin}/y`, { a: 1 }));
  expect(body).toBe('{"a":1}');
  expect(listed.at('/y')[0]?.headers['content-type']).toBe('application/json');
});

it('two interceptors with lists of their own do not get in the way of each other', async () => {
  const created = axios.create({ proxy: false });
  created.interceptors.request.use(axiosContext({ origins: [listed.origin], variables: [] }));
  created.interceptors.request.use(axiosContext({ origins: [second.origin] }));
  await inUnit('a', () => created.get(`${listed.origin}/to?${second.origin}/to?${other.origin}/end`));
  expect(listed.seen.map(contextOf)).toEqual([{ ...carried('a'), baggage: undefined }]);
  expect(second.seen.map(contextOf)).toEqual([carried('a')]);
  expect(other.seen.map(contextOf)).toEqual([NOTHING]);
});

it('sends no id that is not well-formed', async () => {
  await runUnitOfWork({ kind: 'test', id: 'a\r\nb: c' }, () => client.get(`${listed.origin}/x`));
  expect(listed.at('/x').map(contextOf)).toEqual([NOTHING]);
});
