// What Node's tests of AsyncLocalStorage assert of its network modules, in our own words. Where Node itself runs a
// listener in the context of somebody else, the emitter is bound. docs/conformance.md has the list. Needs --expose-gc.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Agent, createServer as createHttpServer, get, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { setImmediate as immediate } from 'node:timers/promises';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { bindEmitter, ContextVar } from '../../src/core/index.js';
import { stillHeld } from '../support/collector.js';
import { PRE_SHARED } from './pre-shared-key.js';

const one = new ContextVar<unknown>('one', { default: undefined });

/** Runs `body` against `server` and closes that. */
async function withServer<R>(
  server: Server & { closeAllConnections?(): void },
  body: (port: number) => Promise<R>,
): Promise<R> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await body((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections?.();
    server.close();
    await once(server, 'close');
  }
}

/** Reads what is left of a response; gives what each of its events has read of the variable. */
async function eventsOf(response: IncomingMessage): Promise<unknown[]> {
  const seen: unknown[] = [one.get()];
  await new Promise<void>((resolve) => {
    response.on('data', () => seen.push(one.get()));
    response.on('end', () => {
      seen.push(one.get());
      resolve();
    });
  });
  return [...new Set(seen)];
}

test('http: a client and its server each read what they run in', async () => {
  const server = createHttpServer((_request, response) => {
    one.run('server', () => setImmediate(() => response.end(String(one.get()))));
  });
  await withServer(server, async (port) => {
    const seen = await one.run(
      'client',
      () =>
        new Promise<unknown[]>((resolve) => {
          get({ port, host: '127.0.0.1', agent: false }, (response) => resolve(eventsOf(response)));
        }),
    );
    expect(seen).toEqual(['client']);
  });
});

test('http-agent: two requests over one socket, each in its own run', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const sockets = new Set<unknown>();
  const server = createHttpServer((incoming, response) => {
    sockets.add(incoming.socket);
    incoming.once('data', () => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('foo');
    });
    incoming.on('end', () => response.end('bar'));
  });
  await withServer(server, async (port) => {
    const options = { agent, port, host: '127.0.0.1', method: 'POST' };
    const first = await one.run(
      'first',
      () =>
        new Promise<unknown[]>((resolve) => {
          request(options, (response) => resolve(eventsOf(response))).end('hello world');
        }),
    );
    await immediate();
    const headers = { 'content-length': 11 };
    const second = await one.run(
      'second',
      () =>
        new Promise<unknown[]>((resolve) => {
          const sent = request({ ...options, headers }, (response) => {
            // Only now, and without a body: Node has a path of its own for it.
            sent.end('');
            resolve(eventsOf(response));
          });
          sent.write('hello world');
        }),
    );
    expect([first, second]).toEqual([['first'], ['second']]);
    expect(sockets.size).toBe(1);
    agent.destroy();
  });
});

test('http-multiclients: ten downloads at once by functions that know nothing but the context', async () => {
  const KIB = 'x'.repeat(1024).length;
  let index = 0;
  const server = createHttpServer((_request, response) => {
    // Large enough to come in several chunks.
    response.end(String(index++ % 10).repeat(512 * KIB));
  });
  const download = new ContextVar<{ data: string; done: (data: string) => void }>('download');
  const onData = (chunk: string): void => {
    download.get().data += chunk;
  };
  const onEnd = (): void => download.get().done(download.get().data);
  await withServer(server, async (port) => {
    const all = Array.from(
      { length: 10 },
      () =>
        new Promise<string>((done) => {
          download.run({ data: '', done }, () => {
            get({ port, host: '127.0.0.1', agent: false }, (response) => {
              response.setEncoding('utf8').on('data', onData).on('end', onEnd);
            });
          });
        }),
    );
    const digits = (await Promise.all(all)).map((data) => {
      expect(data).toHaveLength(512 * KIB);
      return [...new Set(data)].join();
    });
    expect(digits.sort()).toEqual([...'0123456789']);
  });
});

test('socket: a server and a client in one run read its value in each event', async () => {
  const seen: unknown[] = [];
  const note = () => seen.push(one.get());
  await one.run('value', async () => {
    const server = createServer((socket) => {
      note();
      socket.on('data', note).on('end', note).on('close', note);
      socket.end('hello');
    });
    await withServer(server, async (port) => {
      const client = connect(port, '127.0.0.1', note);
      client.on('data', note).on('end', note);
      client.end('hello');
      await once(client, 'close');
    });
  });
  expect(seen.length).toBeGreaterThanOrEqual(5);
  expect([...new Set(seen)]).toEqual(['value']);
});

test('tlssocket: the same over TLS', async () => {
  const seen: unknown[] = [];
  const note = () => seen.push(one.get());
  await one.run('value', async () => {
    const server = createTlsServer(PRE_SHARED.server, (socket) => {
      note();
      socket.on('data', note).on('end', note).on('close', note);
      socket.end('hello');
    });
    await withServer(server, async (port) => {
      const client = connectTls({ ...PRE_SHARED.client, port, host: '127.0.0.1' }, note);
      client.on('data', note).on('end', note);
      client.end('hello');
      await once(client, 'close');
    });
  });
  expect(seen.length).toBeGreaterThanOrEqual(5);
  expect([...new Set(seen)]).toEqual(['value']);
});

test('dgram: a datagram is sent and received in one run', async () => {
  const seen: unknown[] = [];
  await one.run('value', async () => {
    const receiver = createSocket('udp4');
    const received = new Promise<void>((resolve) => {
      receiver.on('message', () => {
        seen.push(one.get());
        receiver.close(resolve);
      });
    });
    receiver.bind(0, '127.0.0.1');
    await once(receiver, 'listening');
    const sender = createSocket('udp4');
    sender.send('hello', receiver.address().port, '127.0.0.1', () => {
      seen.push(one.get());
      sender.close();
    });
    await received;
  });
  expect([...new Set(seen)]).toEqual(['value']);
  expect(seen).toHaveLength(2);
});

test('http: a server that was started in a run has requests that are not its own, until each is run', async () => {
  const seen: unknown[] = [];
  const server = one.run('boot', () => createHttpServer());
  server.on('request', (incoming: IncomingMessage, response) => {
    one.run(incoming.url, () => {
      bindEmitter(incoming).on('end', () => {
        seen.push(one.get());
        response.end();
      });
      incoming.resume();
    });
  });
  await withServer(server, async (port) => {
    for (const path of ['/1', '/2', '/3']) {
      const [response] = (await once(get({ port, host: '127.0.0.1', path }), 'response')) as [
        IncomingMessage,
      ];
      response.resume();
      await once(response, 'end');
    }
  });
  expect(seen).toEqual(['/1', '/2', '/3']);
});

describe('the garbage collector', () => {
  jest.retryTimes(3);

  test('http-parser-leak: a value under which a request was made is gone when its connection is', async () => {
    const server = createHttpServer((_request, response) => response.end('hello'));
    const refs = await withServer(server, async (port) => {
      const made: WeakRef<object>[] = [];
      for (let i = 0; i < 10; i++) {
        const value = { i };
        made.push(new WeakRef<object>(value));
        await one.run(value, async () => {
          const [response] = (await once(get({ port, host: '127.0.0.1', agent: false }), 'response')) as [
            IncomingMessage,
          ];
          response.resume();
          await once(response, 'close');
        });
      }
      return made;
    });
    // Node keeps parsers for the next connection, and the last one that was used.
    expect((await stillHeld(refs, 1)).length).toBeLessThanOrEqual(1);
  });
});
