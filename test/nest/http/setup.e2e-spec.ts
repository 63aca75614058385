import type { IncomingMessage } from 'node:http';
import { setImmediate as macrotask } from 'node:timers/promises';
import {
  type CanActivate,
  Controller,
  Get,
  HttpException,
  type INestApplication,
  Module,
  UseGuards,
} from '@nestjs/common';
import {
  ContextModule,
  type ContextModuleOptions,
  ContextVar,
  type RequestContext,
  ScopedValue,
} from 'nestjs-contextvars';
import { adapters, createApp, listen } from './support/adapters.js';
import { type Answer, send } from './support/http-client.js';
import { RawConnection, requestText } from './support/raw-connection.js';
import { RecordingLogger } from './support/recording-logger.js';
import { UnitLog } from './support/unit-log.js';
import { UUID } from './support/uuid.js';

// What `setup` and the options of the ids do. A rejection that nobody handles fails the test it happens in.

const tenant = new ContextVar<string>('tenant');
const role = new ScopedValue<string>('role');

let guarded = 0;
let handled = 0;

class CountingGuard implements CanActivate {
  canActivate(): boolean {
    guarded += 1;
    return true;
  }
}

@Controller()
@UseGuards(CountingGuard)
class EchoController {
  @Get()
  echo() {
    handled += 1;
    return { tenant: tenant.get('none'), role: role.get('none') };
  }
}

describe.each(adapters)('on %s', (adapter) => {
  const units = new UnitLog();
  let app: INestApplication | undefined;
  let port: number;
  let logger: RecordingLogger;

  async function start(options: ContextModuleOptions): Promise<void> {
    @Module({ imports: [ContextModule.forRoot(options)], controllers: [EchoController] })
    class AppModule {}

    logger = new RecordingLogger();
    app = await createApp(adapter, AppModule, logger);
    port = await listen(app);
  }

  const get = (headers: Record<string, string> = {}): Promise<Answer> =>
    send({ port }, { path: '/', headers });

  beforeEach(() => {
    guarded = 0;
    handled = 0;
    units.clear();
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  afterAll(() => units.stop());

  describe('setup', () => {
    const setups: Record<
      string,
      (context: RequestContext, request: IncomingMessage) => void | Promise<void>
    > = {
      'that returns': (context, request) => {
        context.set(tenant, String(request.headers['x-tenant']));
        role.bind('user');
      },
      'that is asynchronous': async (context, request) => {
        await macrotask();
        context.set(tenant, String(request.headers['x-tenant']));
        await macrotask();
        role.bind('user');
      },
    };

    test.each(Object.entries(setups))('one %s sets what the handler reads', async (_how, setup) => {
      await start({ setup });
      const { status, text } = await get({ 'x-tenant': 'acme' });
      expect({ status, text: JSON.parse(text) }).toEqual({
        status: 200,
        text: { tenant: 'acme', role: 'user' },
      });
    });

    test('it runs once per request, before any guard', async () => {
      let calls = 0;
      await start({
        setup: () => {
          calls += 1;
          tenant.set(`call ${calls} after ${guarded} guards`);
        },
      });
      expect(JSON.parse((await get()).text).tenant).toBe('call 1 after 0 guards');
      expect(JSON.parse((await get()).text).tenant).toBe('call 2 after 1 guards');
    });

    test('it reads the request and the ids in the context that it is given', async () => {
      await start({
        setup: (context, request) => {
          const raw = (context.request as { raw?: unknown }).raw ?? context.request;
          tenant.set(`${context.id} ${context.correlationId} ${raw === request}`);
        },
      });
      const { text } = await get({ 'x-request-id': 'r-1', 'x-correlation-id': 'c-1' });
      expect(JSON.parse(text).tenant).toBe('r-1 c-1 true');
    });

    class Teapot extends HttpException {
      constructor() {
        super('no tenant', 418);
      }
    }

    const failures: {
      how: string;
      status: number;
      logged: RegExp | undefined;
      fail: () => void | Promise<void>;
    }[] = [
      {
        how: 'throws',
        status: 500,
        logged: /no directory/,
        fail: () => {
          throw new Error('no directory');
        },
      },
      {
        how: 'rejects',
        status: 500,
        logged: /no directory/,
        fail: async () => {
          await macrotask();
          throw new Error('no directory');
        },
      },
      {
        how: 'rejects at once',
        status: 500,
        logged: /no directory/,
        fail: () => Promise.reject(new Error('no directory')),
      },
      {
        how: 'throws an HttpException',
        status: 418,
        logged: undefined,
        fail: () => {
          throw new Teapot();
        },
      },
      {
        how: 'rejects with an HttpException',
        status: 418,
        logged: undefined,
        fail: async () => {
          await macrotask();
          throw new Teapot();
        },
      },
      {
        how: 'throws undefined',
        status: 500,
        logged: /set-up of the context failed/,
        fail: () => {
          throw undefined;
        },
      },
      {
        how: 'rejects with undefined',
        status: 500,
        logged: /set-up of the context failed/,
        fail: () => Promise.reject(undefined),
      },
      {
        how: 'throws a string',
        status: 500,
        logged: /no directory/,
        fail: () => {
          throw 'no directory';
        },
      },
      {
        how: 'throws null',
        status: 500,
        logged: /set-up of the context failed/,
        fail: () => {
          throw null;
        },
      },
    ];

    test.each(failures)(
      'one that $how is answered by the exception layer with $status, and the next request is fine',
      async ({ status, logged, fail }) => {
        let failing = true;
        await start({ setup: () => (failing ? fail() : tenant.set('acme') && undefined) });
        const before = performance.now();
        const answer = await get({ 'x-request-id': 'failing', 'x-correlation-id': 'talk' });
        expect(performance.now() - before).toBeLessThan(1_000);
        expect(answer.status).toBe(status);
        expect(JSON.parse(answer.text)).toMatchObject({ statusCode: status });
        expect(answer.headers).toMatchObject({ 'x-request-id': 'failing', 'x-correlation-id': 'talk' });
        expect({ guarded, handled }).toEqual({ guarded: 0, handled: 0 });
        if (logged === undefined) expect(logger.errors).toEqual([]);
        else expect(logger.errors).toEqual([expect.stringMatching(logged)]);
        await units.haveEnded(['failing']);
        expect(units.times('failing')).toEqual({ started: 1, ended: 1 });

        failing = false;
        const next = await get();
        expect({ status: next.status, tenant: JSON.parse(next.text).tenant }).toEqual({
          status: 200,
          tenant: 'acme',
        });
      },
    );

    test('one that never settles does not keep other requests from being answered', async () => {
      await start({
        setup: (_context, request) => (request.headers['x-stuck'] ? new Promise(() => {}) : undefined),
      });
      const stuck = await RawConnection.open(port);
      stuck.write(requestText('GET', '/', { 'x-stuck': 'yes' }));
      expect((await get()).status).toBe(200);
      expect(stuck.received).toBe('');
      await stuck.leave();
    });
  });

  describe('ids', () => {
    const good = ['a', '0', 'A-z_0.9', 'x'.repeat(128), '3f0b2c64-6f3a-4b8e-9d5c-0e6d1f2a3b4c'];

    test.each(good)('the good inbound ids %p are kept and answered', async (id) => {
      await start({});
      const { headers } = await get({ 'x-request-id': id, 'x-correlation-id': `${id.slice(1)}c` });
      expect(headers['x-request-id']).toBe(id);
      expect(headers['x-correlation-id']).toBe(`${id.slice(1)}c`);
    });

    const bad = {
      'with a space': 'a b',
      'with a space at its end that is a tab': 'a\tb',
      'with =': 'a=1',
      'of several pairs': 'a=1 tenantId=victim level=info',
      'that is not ASCII': 'caf\u00e9',
      'of 129 characters': 'x'.repeat(129),
      'of 8,000 characters': 'x'.repeat(8_000),
      'that is empty': '',
      'with a comma': 'a,b',
      'with markup': '<script>',
      'with percent-encoded line breaks': 'a%0d%0aFAKE',
    };

    test.each(Object.entries(bad))('an inbound id %s is replaced by a UUID', async (_which, id) => {
      await start({});
      const connection = await RawConnection.open(port);
      connection.write(
        requestText('GET', '/', { 'x-request-id': id, 'x-correlation-id': id, connection: 'close' }),
      );
      await connection.receive('"tenant"');
      const [, own] = /x-request-id: ([^\r]*)\r/i.exec(connection.received) ?? [];
      const [, shared] = /x-correlation-id: ([^\r]*)\r/i.exec(connection.received) ?? [];
      expect(own).toMatch(UUID);
      expect(shared).toBe(own);
      await connection.leave();
    });

    test('an inbound id that is sent twice is replaced', async () => {
      await start({});
      const connection = await RawConnection.open(port);
      connection.write(
        requestText('GET', '/', { 'x-request-id': 'one', 'X-Request-Id': 'two', connection: 'close' }),
      );
      await connection.receive('"tenant"');
      expect(/x-request-id: ([^\r]*)\r/i.exec(connection.received)?.[1]).toMatch(UUID);
      await connection.leave();
    });

    test('a request without ids gets a UUID as both', async () => {
      await start({});
      const { headers } = await get();
      expect(headers['x-request-id']).toMatch(UUID);
      expect(headers['x-correlation-id']).toBe(headers['x-request-id']);
    });

    test('no two requests get the same id', async () => {
      await start({});
      const answers = await Promise.all(Array.from({ length: 50 }, () => get()));
      expect(new Set(answers.map(({ headers }) => headers['x-request-id'])).size).toBe(50);
    });

    test('a correlation id alone is kept, beside an id of our own', async () => {
      await start({});
      const { headers } = await get({ 'x-correlation-id': 'talk' });
      expect(headers['x-request-id']).toMatch(UUID);
      expect(headers['x-correlation-id']).toBe('talk');
    });

    test('respondWithIds: false answers without them', async () => {
      await start({ respondWithIds: false });
      const { headers, status } = await get({ 'x-request-id': 'r-1', 'x-correlation-id': 'c-1' });
      expect(status).toBe(200);
      expect(headers).not.toHaveProperty('x-request-id');
      expect(headers).not.toHaveProperty('x-correlation-id');
    });

    test('header names of its own are read and answered, in any case, and the usual ones are not', async () => {
      await start({ requestId: { header: 'X-Amzn-Trace' }, correlationId: { header: 'x-conversation' } });
      const { headers } = await get({
        'x-amzn-trace': 'r-1',
        'X-Conversation': 'c-1',
        'x-request-id': 'other',
      });
      expect(headers).toMatchObject({ 'x-amzn-trace': 'r-1', 'x-conversation': 'c-1' });
      expect(headers).not.toHaveProperty('x-request-id');
      expect(headers).not.toHaveProperty('x-correlation-id');
    });

    test('accept: false replaces good ids too', async () => {
      await start({ requestId: { accept: false }, correlationId: { accept: false } });
      const { headers } = await get({ 'x-request-id': 'r-1', 'x-correlation-id': 'c-1' });
      expect(headers['x-request-id']).toMatch(UUID);
      expect(headers['x-correlation-id']).toBe(headers['x-request-id']);
    });

    test('an accept function decides about well-formed ids, and is not asked about others', async () => {
      const asked: string[] = [];
      await start({
        requestId: {
          accept: (id, request) => {
            asked.push(id);
            return request.headers['x-trusted'] === 'yes';
          },
        },
      });
      expect((await get({ 'x-request-id': 'r-1', 'x-trusted': 'yes' })).headers['x-request-id']).toBe('r-1');
      expect((await get({ 'x-request-id': 'r-2' })).headers['x-request-id']).toMatch(UUID);
      expect((await get({ 'x-request-id': 'r 3', 'x-trusted': 'yes' })).headers['x-request-id']).toMatch(
        UUID,
      );
      expect(asked).toEqual(['r-1', 'r-2']);
    });

    test('generate makes the ids that no caller gave', async () => {
      let made = 0;
      await start({ requestId: { generate: (request) => `${request.method}-${++made}` } });
      expect((await get()).headers['x-request-id']).toBe('GET-1');
      expect((await get({ 'x-request-id': 'given' })).headers['x-request-id']).toBe('given');
      expect((await get({ 'x-request-id': 'not good' })).headers['x-request-id']).toBe('GET-2');
    });

    const throwing: Record<string, ContextModuleOptions> = {
      'requestId.generate': {
        requestId: {
          generate: (request) => {
            if (request.headers['x-fails']) throw new Error('no ids left');
            return 'made';
          },
        },
      },
      'requestId.accept': {
        requestId: {
          accept: (_id, request) => {
            if (request.headers['x-fails']) throw new Error('no ids left');
            return true;
          },
        },
      },
      'correlationId.accept': {
        correlationId: {
          accept: (_id, request) => {
            if (request.headers['x-fails']) throw new Error('no ids left');
            return true;
          },
        },
      },
    };

    test.each(Object.entries(throwing))(
      'a %s that throws is a 500 with the error in the log, and the next request is fine',
      async (option, options) => {
        await start(options);
        const ids: Record<string, string> =
          option === 'requestId.generate' ? {} : { 'x-request-id': 'r-1', 'x-correlation-id': 'c-1' };
        expect((await get({ ...ids, 'x-fails': 'yes' })).status).toBe(500);
        expect(logger.errors).toEqual([expect.stringMatching(/no ids left/)]);
        expect((await get(ids)).status).toBe(200);
      },
    );

    test.each(['a\r\nset-cookie: fake=1', 'caf\u00e9 \u2603', ''])(
      'a generate that gives %p, which no header can carry or no id is, does not break the request',
      async (made) => {
        await start({ requestId: { generate: () => made } });
        const { headers, status } = await get();
        expect([200, 500]).toContain(status);
        expect(headers).not.toHaveProperty('set-cookie');
      },
    );
  });
});
