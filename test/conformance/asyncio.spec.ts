// Context tests of Python's event loops and test runner that test/core/asyncio.spec.ts does not have, under their names
// there: connections of uvloop over TLS and closed by hand, asgiref's custom contexts, unittest's IsolatedAsyncioTestCase.
// What a protocol of asyncio is called by is a listener here, and its emitter is bound where the protocol is made.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setImmediate as immediate } from 'node:timers/promises';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import {
  bindEmitter,
  Context,
  ContextVar,
  copyContext,
  createTask,
  preserveContext,
  runUnitOfWork,
} from '../../src/core/index.js';
import { PRE_SHARED } from './pre-shared-key.js';

const cvar = new ContextVar('cvar', { default: 'outer' });

/** Notes what each event of a connection reads, in the context in which it is called. */
function protocol(socket: Socket): { seen: Record<string, string>; closed: Promise<void> } {
  const seen: Record<string, string> = {};
  bindEmitter(socket);
  const closed = new Promise<void>((resolve) => {
    for (const event of ['data', 'drain', 'end', 'close'] as const) {
      socket.on(event, () => {
        seen[event] = cvar.get();
        if (event === 'end') socket.end();
        if (event === 'close') resolve();
      });
    }
  });
  return { seen, closed };
}

async function listening(server: Server): Promise<{ port: number; close(): Promise<void> }> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

const kinds = [
  [
    'TCP',
    () => createServer({ allowHalfOpen: true }),
    'connection',
    (port: number) => connect(port, '127.0.0.1'),
  ],
  [
    'TLS',
    () => createTlsServer({ ...PRE_SHARED.server, allowHalfOpen: true }),
    'secureConnection',
    (port: number) => connectTls({ ...PRE_SHARED.client, port, host: '127.0.0.1' }),
  ],
] as const;

/** A program that has set `inner`, as each of uvloop's tests is. */
function inner(body: () => Promise<void>): Promise<void> {
  return createTask(async () => {
    cvar.set('inner');
    await body();
    expect(cvar.get()).toBe('inner');
  });
}

describe.each(kinds)('uvloop test_context, over %s', (_kind, makeServer, accepted, open) => {
  test('test_create_ssl_server_connection_protocol: each event of a connection sees the context of its server', () =>
    inner(async () => {
      const server = bindEmitter(makeServer());
      const served = new Promise<Record<string, string>>((resolve) => {
        server.on(accepted, (socket: Socket) => {
          const { seen, closed } = protocol(socket);
          seen.made = cvar.get();
          closed.then(() => resolve(seen));
        });
      });
      const { port, close } = await listening(server);
      await createTask(async () => {
        cvar.set('client');
        const client = open(port);
        client.resume();
        client.end('data');
        await once(client, 'close');
      });
      expect(await served).toEqual({ made: 'inner', data: 'inner', end: 'inner', close: 'inner' });
      await close();
    }));

  test('test_create_ssl_server_manual_connection_lost: also where something else closes it', () =>
    inner(async () => {
      const server = bindEmitter(makeServer());
      const served = new Promise<Record<string, string>>((resolve) => {
        server.on(accepted, (socket: Socket) => {
          const { seen, closed } = protocol(socket);
          closed.then(() => resolve(seen));
          void createTask(() => {
            cvar.set('closing');
            socket.destroy();
          });
        });
      });
      const { port, close } = await listening(server);
      const client = new Context().run(() => open(port)).on('error', () => {});
      client.resume();
      expect(await served).toEqual({ close: 'inner' });
      client.destroy();
      await close();
    }));

  test('test_create_connection_protocol: a client sees its own context, whoever writes', () =>
    inner(async () => {
      const server = makeServer();
      server.on(accepted, (socket: Socket) => {
        socket.resume();
        socket.on('end', () => socket.end('data'));
      });
      const { port, close } = await listening(server);
      const client = open(port);
      const { seen, closed } = protocol(client);
      const connected = new Promise<string>((resolve) =>
        client.on(client.constructor.name === 'TLSSocket' ? 'secureConnect' : 'connect', () =>
          resolve(cvar.get()),
        ),
      );
      expect(await connected).toBe('inner');
      const drained = once(client, 'drain');
      await createTask(async () => {
        cvar.set('write_over');
        // Until the connection takes no more at once, so that it drains.
        while (client.write(Buffer.alloc(65_536)));
      });
      await drained;
      client.end();
      await closed;
      expect(seen).toEqual({ data: 'inner', drain: 'inner', end: 'inner', close: 'inner' });
      await close();
    }));
});

test('uvloop test_context: test_start_tls: a connection that is made a secure one sees the same', () =>
  inner(async () => {
    const secure = createTlsServer(PRE_SHARED.server, (socket) => {
      socket.end('data');
    });
    const { port, close } = await listening(secure);
    const plain = bindEmitter(connect(port, '127.0.0.1'));
    expect(await new Promise<string>((resolve) => plain.on('connect', () => resolve(cvar.get())))).toBe(
      'inner',
    );
    const { seen, closed } = await createTask(async () => {
      cvar.set('start_tls');
      return protocol(connectTls({ ...PRE_SHARED.client, socket: plain }));
    });
    await closed;
    // In asyncio the protocol goes along; here whoever makes the secure socket is asked.
    expect(seen).toEqual({ data: 'start_tls', end: 'start_tls', close: 'start_tls' });
    await close();
  }));

test('uvloop test_context: test_connect_accepted_socket: a socket sees the context of whoever serves it', () =>
  inner(async () => {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
    const { port, close } = await listening(server);
    const client = new Context().run(() => connect(port, '127.0.0.1'));
    client.resume();
    const [socket] = (await once(server, 'connection')) as [Socket];
    const { seen, closed } = protocol(socket);
    socket.resume();
    await createTask(() => {
      cvar.set('client');
      client.end('data');
    });
    await closed;
    expect(seen).toEqual({ data: 'inner', end: 'inner', close: 'inner' });
    await close();
  }));

describe('asgiref', () => {
  const foo = new ContextVar<string>('foo');

  test('test_sync_to_async_contextvars_with_custom_context: what is called in a given Context stays there', async () => {
    await runUnitOfWork({ kind: 'test' }, async () => {
      foo.set('bar');
      const context = copyContext();
      const call = async (): Promise<number> => {
        await immediate();
        expect(foo.get()).toBe('bar');
        foo.set('baz');
        return 42;
      };
      expect(await createTask(call, { context })).toBe(42);
      expect(foo.get()).toBe('bar');
      expect(context.get(foo)).toBe('baz');
    });
  });

  test('test_sync_to_async_contextvars_with_custom_context_and_parallel_tasks: four calls in one Context', async () => {
    await runUnitOfWork({ kind: 'test' }, async () => {
      foo.set('');
      const context = copyContext();
      const add = () => void foo.set(`${foo.get()}1`);
      const addLater = async () => {
        await immediate();
        add();
      };
      await Promise.all([
        context.run(add),
        context.run(addLater),
        createTask(add, { context }),
        createTask(addLater, { context }),
      ]);
      expect(foo.get()).toBe('');
      expect(context.get(foo)).toBe('1111');
    });
  });

  // Departure: asgiref copies what was set back into the caller.
  test('test_sync_to_async_contextvars: a call in a copy does not set for its caller', async () => {
    await runUnitOfWork({ kind: 'test' }, async () => {
      foo.set('bar');
      const call = preserveContext(async () => {
        await immediate();
        expect(foo.get()).toBe('bar');
        foo.set('baz');
        return 42;
      });
      expect(await call()).toBe(42);
      expect(foo.get()).toBe('bar');
    });
  });

  test('test_sync_to_async_contextvars_with_callable_with_context_attribute: a property of that name is kept', async () => {
    const callable = Object.assign(() => 42, { context: 'own' });
    const wrapped = preserveContext(callable);
    expect(wrapped.context).toBe('own');
    expect(await wrapped()).toBe(42);
  });
});

describe('unittest', () => {
  test('test_isolated_asyncio_test_case: set-up, test, tear-down and clean-ups share one context', async () => {
    const steps = new ContextVar<readonly string[]>('steps', { default: [] });
    const context = new Context();
    const phase = (name: string, wait: boolean) =>
      runUnitOfWork({ kind: 'test', context }, async () => {
        if (wait) await immediate();
        steps.set([...steps.get(), name]);
      });
    for (const name of [
      'setUp',
      'asyncSetUp',
      'test',
      'asyncTearDown',
      'tearDown',
      'asyncCleanup',
      'cleanup',
    ])
      await phase(name, name.startsWith('async'));
    expect(context.get(steps)?.join()).toBe(
      'setUp,asyncSetUp,test,asyncTearDown,tearDown,asyncCleanup,cleanup',
    );
    expect(steps.get()).toEqual([]);
  });
});
