import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { runUnitOfWork } from 'nestjs-contextvars/core';
import { type OutgoingPropagation, propagateOutgoing } from 'nestjs-contextvars/http';
import * as undici from 'undici';
import { until } from '../../nest/http/support/until.js';
import { attempts, carried, contextOf, inUnit, NOTHING, tenant } from './support/contexts.js';
import { type RecordingServer, recordingServer } from './support/recording-server.js';

// What goes out by fetch and undici is looked at where it arrives: on two servers, one of which is on the list.

let listed: RecordingServer;
let other: RecordingServer;
let stop: OutgoingPropagation;
beforeAll(async () => {
  listed = await recordingServer();
  other = await recordingServer();
});
afterAll(async () => {
  await listed.close();
  await other.close();
});
beforeEach(() => {
  listed.seen.length = 0;
  other.seen.length = 0;
  stop = propagateOutgoing({ origins: [listed.origin] });
});
afterEach(() => stop());

const names = (count: number) => Array.from({ length: count }, (_, i) => `u${i}`);
const dispatchers: undici.Dispatcher[] = [];
function using<D extends undici.Dispatcher>(dispatcher: D): D {
  dispatchers.push(dispatcher);
  return dispatcher;
}
afterEach(async () => {
  for (const dispatcher of dispatchers.splice(0)) await dispatcher.destroy();
});

async function readText(response: { text(): Promise<string> } | { body: { text(): Promise<string> } }) {
  return 'text' in response ? response.text() : response.body.text();
}

type Ask = (url: string, init?: { method?: string; headers?: any; body?: string }) => Promise<string>;
const clients: [string, Ask][] = [
  ['the fetch of Node', async (url, init) => readText(await fetch(url, init))],
  ['the fetch of undici', async (url, init) => readText((await undici.fetch(url, init)) as Response)],
  [
    'undici.request',
    async (url, init) => readText(await undici.request(url, init as undici.Dispatcher.RequestOptions)),
  ],
];

describe.each(clients)('%s', (_, ask) => {
  it('sends the ids and the portable variables, and no others', async () => {
    await inUnit('a', () => ask(`${listed.origin}/x`));
    expect(listed.at('/x').map(contextOf)).toEqual([carried('a')]);
    expect(JSON.stringify(listed.at('/x'))).not.toContain('secret');
  });

  it('sends nothing to an origin that is not listed', async () => {
    await inUnit('a', () => ask(`${other.origin}/x`));
    expect(other.at('/x').map(contextOf)).toEqual([NOTHING]);
  });

  it('sends nothing outside any unit of work', async () => {
    await ask(`${listed.origin}/x`);
    expect(listed.at('/x').map(contextOf)).toEqual([NOTHING]);
  });

  it('keeps overlapping requests apart, on connections that are used again', async () => {
    await Promise.all(names(20).map((id) => inUnit(id, () => ask(`${listed.origin}/${id}`))));
    await Promise.all(names(20).map((id) => inUnit(`${id}.2`, () => ask(`${listed.origin}/${id}.2`))));
    for (const id of names(20).flatMap((one) => [one, `${one}.2`])) {
      expect(listed.at(`/${id}`).map(contextOf)).toEqual([carried(id)]);
    }
  });

  it('leaves a header alone that the caller has set', async () => {
    await inUnit('a', () =>
      ask(`${listed.origin}/x`, {
        headers: { 'X-Request-Id': 'own', traceparent: '00-1', accept: 'text/plain' },
      }),
    );
    const [{ headers, counts }] = listed.at('/x') as [any];
    expect(contextOf({ headers })).toEqual({ ...carried('a'), request: 'own' });
    expect(headers).toMatchObject({ traceparent: '00-1', accept: 'text/plain' });
    expect(counts).toMatchObject({ 'x-request-id': 1, 'x-correlation-id': 1, baggage: 1 });
  });

  it('keeps the baggage of the caller, but for entries that are called as a variable of ours', async () => {
    // As an instrumentation passes on what an anonymous client has sent.
    const before = 'vendor=a%20b;p=1, tenant=victim, attempts=9';
    await inUnit('a', () => ask(`${listed.origin}/x`, { headers: { Baggage: before } }));
    const [{ headers, counts }] = listed.at('/x') as [any];
    expect(headers.baggage).toBe('vendor=a%20b;p=1,tenant=tenant-a');
    expect(counts.baggage).toBe(1);
  });

  it('works with a body', async () => {
    await inUnit('a', () => ask(`${listed.origin}/x`, { method: 'POST', body: 'some text' }));
    expect(listed.at('/x').map(contextOf)).toEqual([carried('a')]);
  });

  it('works where it is called by a timer, an event or a promise', async () => {
    await inUnit('a', async () => {
      await ask(`${listed.origin}/1`);
      await delay(1);
      await ask(`${listed.origin}/2`);
      await new Promise<void>((resolve) =>
        setTimeout(() => resolve(ask(`${listed.origin}/3`).then(() => {})), 1),
      );
      const stream = Readable.from(['a']);
      await new Promise<void>((resolve) =>
        stream.on('data', () => resolve(ask(`${listed.origin}/4`).then(() => {}))),
      );
      await new Promise<void>((resolve) =>
        queueMicrotask(() => resolve(ask(`${listed.origin}/5`).then(() => {}))),
      );
      await Promise.resolve(`${listed.origin}/6`).then(ask);
    });
    for (const i of [1, 2, 3, 4, 5, 6]) expect(listed.at(`/${i}`).map(contextOf)).toEqual([carried('a')]);
  });
});

describe.each(clients.slice(0, 2))('%s and redirects', (_, ask) => {
  it.each(['/to', '/307'])(
    'to an origin that is not listed lose everything, and get it back on the way back: %s',
    async (by) => {
      const back = `${listed.origin}/back`;
      const away = `${other.origin}${by}?${back}`;
      await inUnit('a', () => ask(`${listed.origin}${by}?${away}`, { method: 'POST', body: 'b' }));
      expect(listed.at(`${by}?${away}`).map(contextOf)).toEqual([carried('a')]);
      expect(other.seen.map(contextOf)).toEqual([NOTHING]);
      expect(listed.at('/back').map(contextOf)).toEqual([carried('a')]);
    },
  );

  it('keep overlapping requests apart', async () => {
    const end = (id: string) => `${listed.origin}/end-${id}`;
    await Promise.all(names(10).map((id) => inUnit(id, () => ask(`${listed.origin}/to?${end(id)}`))));
    await Promise.all(
      names(10).map((id) => inUnit(`${id}.2`, () => ask(`${listed.origin}/to?${end(`${id}.2`)}`))),
    );
    for (const id of names(10).flatMap((one) => [one, `${one}.2`])) {
      expect(listed.at(`/end-${id}`).map(contextOf)).toEqual([carried(id)]);
    }
  });
});

// Here undici makes requests by itself, in the context of whoever opened the connection. None is better than a wrong one.
describe('a dispatcher that makes requests by itself', () => {
  const limited = () => using(new undici.Agent({ connections: 2 }));
  const piped = () => using(new undici.Agent({ connections: 2, pipelining: 3 }));
  const own: [string, () => undici.Dispatcher, (id: string) => string][] = [
    ['the queue of a pool', limited, (id) => `/q-${id}`],
    ['the queue of a pool that pipelines', piped, (id) => `/q-${id}`],
    [
      'the redirect interceptor',
      () =>
        using(
          new undici.Agent({ connections: 1 }).compose(undici.interceptors.redirect({ maxRedirections: 3 })),
        ),
      (id) => `/to?/end-${id}`,
    ],
    [
      'the retry interceptor',
      () => using(new undici.Agent({ connections: 1 }).compose(undici.interceptors.retry({ minTimeout: 1 }))),
      (id) => `/fail-once/${id}`,
    ],
    [
      'RetryAgent',
      () => using(new undici.RetryAgent(new undici.Agent({ connections: 1 }), { minTimeout: 1 })),
      (id) => `/fail-once/agent-${id}`,
    ],
  ];
  const asks: [string, (url: string, dispatcher: undici.Dispatcher) => Promise<string>][] = [
    ['undici.request', async (url, dispatcher) => readText(await undici.request(url, { dispatcher }))],
    [
      'undici.fetch',
      async (url, dispatcher) => readText((await undici.fetch(url, { dispatcher })) as Response),
    ],
  ];

  describe.each(own)('%s', (title, make, pathOf) => {
    it.each(asks)('%s sends the context of the caller, or none', async (name, ask) => {
      const dispatcher = make();
      const ids = names(30).map((id) => `${id}-${name.slice(7)}-${title.length}`);
      await Promise.all(ids.map((id) => inUnit(id, () => ask(listed.origin + pathOf(id), dispatcher))));
      let withContext = 0;
      for (const seen of listed.seen) {
        const id = ids.find((one) => seen.path.endsWith(one)) as string;
        if (seen.headers['x-request-id'] !== undefined) withContext += 1;
        expect([carried(id), NOTHING]).toContainEqual(contextOf(seen));
      }
      // The first ones at least are made where they were asked for.
      expect(withContext).toBeGreaterThan(0);
      expect(listed.seen.length).toBeGreaterThanOrEqual(ids.length);
    });
  });

  it('an interceptor of the application that sends again, while undici calls it, sends none', async () => {
    const silent = Object.fromEntries(
      ['RequestStart', 'ResponseStart', 'ResponseData', 'ResponseEnd', 'ResponseError'].map((name) => [
        `on${name}`,
        () => {},
      ]),
    );
    const twice: undici.Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) =>
      dispatch(
        options,
        new Proxy(handler, {
          get(target, key) {
            const method: unknown = Reflect.get(target, key);
            if (typeof method !== 'function') return method;
            return (...args: unknown[]) => {
              if (key === 'onResponseEnd') dispatch({ ...options, path: `${options.path}-again` }, silent);
              return method.apply(target, args);
            };
          },
        }),
      );
    const dispatcher = using(new undici.Agent({ connections: 1 }).compose(twice));
    for (const id of names(5)) {
      await inUnit(id, async () => readText(await undici.request(`${listed.origin}/${id}`, { dispatcher })));
    }
    await until('the last one was sent again', () => listed.at('/u4-again').length === 1);
    for (const id of names(5)) {
      expect(listed.at(`/${id}`).map(contextOf)).toEqual([carried(id)]);
      expect(listed.at(`/${id}-again`).map(contextOf)).toEqual([NOTHING]);
    }
  });
});

describe('what is sent', () => {
  it('is only the variables that are listed', async () => {
    stop();
    stop = propagateOutgoing({ origins: [listed.origin], variables: [attempts] });
    await inUnit('a', () => {
      attempts.set(2);
      return fetch(`${listed.origin}/x`);
    });
    expect(listed.at('/x').map(contextOf)).toEqual([{ ...carried('a'), baggage: 'attempts=2' }]);
  });

  it('can differ by origin', async () => {
    const stopOther = propagateOutgoing({ origins: [other.origin], variables: [] });
    await inUnit('a', () => Promise.all([fetch(`${listed.origin}/x`), fetch(`${other.origin}/x`)]));
    stopOther();
    expect(listed.at('/x').map(contextOf)).toEqual([carried('a')]);
    expect(other.at('/x').map(contextOf)).toEqual([{ ...carried('a'), baggage: undefined }]);
  });

  it('is what a branch has under run', async () => {
    await inUnit('a', () => tenant.run('inner', () => fetch(`${listed.origin}/x`)));
    expect(listed.at('/x').map(contextOf)).toEqual([{ ...carried('a'), baggage: 'tenant=inner' }]);
  });

  it('has no id that is not well-formed', async () => {
    await runUnitOfWork({ kind: 'test', id: 'a b' }, () => fetch(`${listed.origin}/x`));
    expect(listed.at('/x').map(contextOf)).toEqual([NOTHING]);
  });

  it('is nothing after the end', async () => {
    stop();
    await inUnit('a', () => fetch(`${listed.origin}/x`));
    expect(listed.at('/x').map(contextOf)).toEqual([NOTHING]);
  });
});
