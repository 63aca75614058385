import { Readable } from 'node:stream';
import {
  type CanActivate,
  Controller,
  type DynamicModule,
  type ExecutionContext,
  Get,
  Injectable,
  Logger,
  type LoggerService,
  NotFoundException,
  StreamableFile,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD, ApplicationConfig } from '@nestjs/core';
import {
  ContextLogger,
  type ContextModuleOptions,
  ContextVar,
  currentUnit,
  logFields,
  RequestContext,
  type RequestLogOptions,
  type UnitOfWork,
} from 'nestjs-contextvars';
import { LoggerModule, Logger as PinoLogger } from 'nestjs-pino';
import { adapters } from '../http/support/adapters.js';
import { Gate } from '../http/support/gate.js';
import { RawConnection, requestText } from '../http/support/raw-connection.js';
import { until } from '../http/support/until.js';
import { MemoryLogger } from '../module/support/memory-logger.js';
import { type AppParts, startApp, stopApps } from '../module/support/running-app.js';
import { Output, restoreNestLogger } from './support/output.js';

const tenant = new ContextVar<string>('tenant', { log: 'tenant' });
const user = new ContextVar<{ id: string }>('user', { log: { key: 'user', format: ({ id }) => id } });

let output: Output;
beforeEach(() => {
  output = new Output();
});
afterEach(async () => {
  await stopApps();
  output.release();
  restoreNestLogger();
});

/** Sets tenant and user, as an application does that knows them by the token of the request. */
@Injectable()
class Tenancy implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    await new Promise(setImmediate);
    if (headers.tenant === undefined) return true;
    tenant.set(headers.tenant);
    user.set({ id: `user-of-${headers.tenant}` });
    return headers.tenant !== 'refused';
  }
}

class Handlers {
  readonly started = new Gate<UnitOfWork>();
  readonly release = new Gate();
  waiting = 0;
}
let handlers: Handlers;
beforeEach(() => {
  handlers = new Handlers();
});

@Controller()
class LinesController {
  readonly #logger = new Logger('Lines');

  @Get('ok') ok(): string {
    this.#logger.log('in the handler');
    return 'ok';
  }

  @Get('boom') boom(): never {
    throw new TypeError('boom\nforged');
  }

  @Get('missing') async missing(): Promise<never> {
    throw new NotFoundException('no such order');
  }

  @Get('guard-fails')
  @UseGuards({
    canActivate: () => {
      throw new Error('guard');
    },
  })
  guardFails(): void {}

  @Get('slow') async slow(): Promise<string> {
    handlers.waiting += 1;
    handlers.started.open(currentUnit()!);
    await handlers.release.passed;
    return 'slow';
  }

  @Get('stream') stream(): StreamableFile {
    handlers.started.open(currentUnit()!);
    return new StreamableFile(
      Readable.from(
        (async function* () {
          yield 'one';
          await handlers.release.passed;
          yield 'two';
        })(),
      ),
    );
  }
}

type Line = Record<string, unknown>;

const lines = (): Line[] => output.records.filter(({ context }) => context === 'Request');
const events = () => lines().map(({ event }) => event);
const ended = (count = 1) =>
  until(
    `${count} requests ended`,
    () => events().filter((event) => event !== 'request.started').length >= count,
  );

/** What nestjs-pino wrote; it keeps the first stream that it is given in a process. */
const written: Line[] = [];
const stream = { write: (text: string) => void written.push(JSON.parse(text)) };

describe.each(adapters)('on %s, request lines', (adapter) => {
  const start = (
    requests: RequestLogOptions | boolean | undefined,
    options: ContextModuleOptions = {},
    rest: Partial<AppParts> = {},
  ) =>
    startApp(adapter, {
      options: { logs: { ...(requests === undefined ? {} : { requests }) }, ...options },
      controllers: [LinesController],
      providers: [{ provide: APP_GUARD, useClass: Tenancy }],
      logger: new ContextLogger({ json: true }),
      ...rest,
    });

  it.each([undefined, false])(
    'are not there where the option is %s, nor is anything on the way for them',
    async (requests) => {
      const app = await start(requests);
      await app.get('/ok');
      await app.close();
      expect(lines()).toEqual([]);
      expect(app.app.get(ApplicationConfig).getGlobalInterceptors()).toEqual([]);
    },
  );

  it('say when a request starts and when it ends, with the fields that it has by then', async () => {
    const app = await start(true);
    await app.get('/ok?token=secret', { 'x-request-id': 'r1', 'x-correlation-id': 'c1', tenant: 'acme' });
    await ended();
    const own = { pid: process.pid, timestamp: expect.any(Number), context: 'Request' };
    const ids = { requestId: 'r1', correlationId: 'c1' };
    const target = { method: 'GET', path: '/ok' };
    expect(lines()).toEqual([
      { ...own, level: 'log', message: 'started GET /ok', ...ids, ...target, event: 'request.started' },
      {
        ...own,
        level: 'log',
        message: expect.stringMatching(/^completed GET \/ok 200 in [\d.]+ ms$/),
        ...ids,
        ...target,
        tenant: 'acme',
        user: 'user-of-acme',
        event: 'request.completed',
        status: 200,
        durationMs: expect.any(Number),
      },
    ]);
    expect(output.records.filter(({ context }) => context === 'Lines')).toEqual([
      expect.objectContaining({ ...ids, tenant: 'acme' }),
    ]);
    expect(output.text).not.toContain('secret');
  });

  it.each<[string, string, Record<string, string>, Line]>([
    ['an answer', '/ok', {}, { level: 'log', event: 'request.completed', status: 200 }],
    ['no route', '/nowhere', {}, { level: 'log', event: 'request.completed', status: 404 }],
    [
      'a guard that refuses',
      '/ok',
      { tenant: 'refused' },
      { level: 'log', event: 'request.completed', status: 403, tenant: 'refused' },
    ],
    ['a guard that fails', '/guard-fails', {}, { level: 'error', event: 'request.failed', status: 500 }],
    [
      'an error',
      '/boom',
      { tenant: 'acme' },
      {
        level: 'error',
        event: 'request.failed',
        status: 500,
        tenant: 'acme',
        error: { name: 'TypeError', message: 'boom\nforged' },
      },
    ],
    [
      'an HttpException',
      '/missing',
      {},
      {
        level: 'warn',
        event: 'request.failed',
        status: 404,
        error: { name: 'NotFoundException', message: 'no such order' },
      },
    ],
  ])('tell how it ended: %s', async (_, path, headers, expected) => {
    const app = await start({ levels: { started: false } });
    await app.get(path, headers);
    await ended();
    expect(lines()).toEqual([expect.objectContaining({ path, durationMs: expect.any(Number), ...expected })]);
    expect('error' in (lines()[0] as Line)).toBe('error' in expected);
  });

  it('tell of a client that leaves, when the handler has settled', async () => {
    const app = await start(true);
    const client = await RawConnection.open(app.port);
    client.write(requestText('GET', '/slow'));
    const unit = await handlers.started.passed;
    await client.leave();
    await until('the server noticed', () => unit.signal.aborted);
    expect(events()).toEqual(['request.started']);
    handlers.release.open();
    await ended();
    expect(lines()[1]).toEqual(
      expect.objectContaining({
        level: 'warn',
        event: 'request.aborted',
        requestId: unit.id,
        message: expect.stringMatching(/^aborted GET \/slow after [\d.]+ ms$/),
      }),
    );
    expect(lines()[1]).not.toHaveProperty('status');
  });

  it('tell of a stream when it has been sent, or when the client has left it', async () => {
    const app = await start({ levels: { started: false } });
    const left = await RawConnection.open(app.port);
    left.write(requestText('GET', '/stream'));
    await handlers.started.passed;
    await left.leave();
    await ended();
    const answer = app.get('/stream');
    handlers.release.open();
    expect((await answer).text).toBe('onetwo');
    await ended(2);
    expect(events()).toEqual(['request.aborted', 'request.completed']);
  });

  it('have the fields of their own request where many overlap', async () => {
    const app = await start(true);
    const count = 40;
    const all = Array.from({ length: count }, (_, i) =>
      app.get(`/slow?n=${i}`, { 'x-request-id': `r${i}`, tenant: `t${i}` }),
    );
    await until('all are in the handler', () => handlers.waiting === count);
    handlers.release.open();
    await Promise.all(all);
    await ended(count);
    const found = new Map<unknown, unknown[]>();
    for (const { requestId, ...line } of lines()) {
      found.set(requestId, [...(found.get(requestId) ?? []), [line.event, line.tenant, line.user]]);
    }
    const expected = Array.from({ length: count }, (_, i): [string, unknown[]] => [
      `r${i}`,
      [
        ['request.started', undefined, undefined],
        ['request.completed', `t${i}`, `user-of-t${i}`],
      ],
    ]);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
  });

  it.each<[string, string, string, string]>([
    ['a query string', '/ok?a=b#c', '/ok', '/ok?a=b#c'],
    ['a host and credentials', 'http://me:secret@shop.example/ok?a=b', '/ok', '/ok?a=b'],
    ['line breaks that are encoded', '/ok/%0d%0aforged', '/ok/%0d%0aforged', '/ok/%0d%0aforged'],
    ['a long path', `/${'x'.repeat(4000)}`, `/${'x'.repeat(900)}`, `/${'x'.repeat(900)}`],
  ])(
    'have the path alone, or with the query where the option says so: %s',
    async (_, target, path, withQuery) => {
      for (const [query, expected] of [
        [false, path],
        [true, withQuery],
      ] as const) {
        output.clear();
        const app = await start({ query, levels: { started: false } });
        const client = await RawConnection.open(app.port);
        client.write(requestText('GET', target));
        await ended();
        await client.leave();
        await app.close();
        const [line] = lines();
        expect(String(line?.path).startsWith(expected)).toBe(true);
        expect(String(line?.path).length).toBeLessThanOrEqual(1024);
        expect(String(line?.message).length).toBeLessThan(400);
        if (expected.length < 500) expect(line?.path).toBe(expected);
        expect(output.text).not.toContain('secret');
      }
    },
  );

  it('have the levels that the options give them, or none', async () => {
    const app = await start({
      levels: {
        started: 'debug',
        completed: ({ status }) => (status === 404 ? false : 'verbose'),
        failed: 'fatal',
      },
    });
    for (const path of ['/ok', '/nowhere', '/boom']) await app.get(path);
    await ended(2);
    await app.close();
    expect(lines().map(({ level, path, event }) => [level, path, event])).toEqual([
      ['debug', '/ok', 'request.started'],
      ['verbose', '/ok', 'request.completed'],
      ['debug', '/nowhere', 'request.started'],
      ['debug', '/boom', 'request.started'],
      ['fatal', '/boom', 'request.failed'],
    ]);
  });

  it('are not written for excluded routes, which have a context all the same', async () => {
    const ids: unknown[] = [];
    const app = await start(
      { exclude: ['ok'] },
      { onEnd: (context) => void ids.push(context.id) },
      { configure: (app) => app.setGlobalPrefix('api') },
    );
    await app.get('/api/ok', { 'x-request-id': 'r1' });
    await app.get('/api/missing', { 'x-request-id': 'r2' });
    await until('both ended', () => ids.length === 2);
    expect(lines().map(({ requestId }) => requestId)).toEqual(['r2', 'r2']);
    expect(ids).toEqual(['r1', 'r2']);
  });

  it('have fields of the user, also in place of their own', async () => {
    const seen: unknown[] = [];
    const app = await start({
      fields: (context, end) => {
        seen.push([context instanceof RequestContext, context.id, end?.outcome]);
        return end === undefined
          ? { agent: (context.request as { headers: Line }).headers.agent }
          : { path: '/:any', slow: end.durationMs > 1e6, tenant: 'by hand' };
      },
    });
    await app.get('/ok', { 'x-request-id': 'r1', agent: 'test', tenant: 'acme' });
    await ended();
    expect(seen).toEqual([
      [true, 'r1', undefined],
      [true, 'r1', 'completed'],
    ]);
    expect(lines()).toEqual([
      expect.objectContaining({ agent: 'test', path: '/ok' }),
      expect.objectContaining({
        path: '/:any',
        slow: false,
        tenant: 'by hand',
        status: 200,
        message: expect.stringMatching(/^completed GET \/:any 200 /),
      }),
    ]);
  });

  it.each<[string, RequestLogOptions['fields']]>([
    [
      'throw',
      () => {
        throw new Error('no fields');
      },
    ],
    [
      'have a getter that throws',
      () => ({
        get field(): never {
          throw new Error('no fields');
        },
      }),
    ],
  ])('are written without fields that %s, and the error with them', async (_, fields) => {
    const logger = new MemoryLogger();
    const app = await start({ fields }, { logger });
    expect((await app.get('/ok')).status).toBe(200);
    await ended();
    expect(events()).toEqual(['request.started', 'request.completed']);
    expect(logger.lines).toEqual(
      Array(2).fill(expect.stringMatching(/logs\.requests\.fields of the request .*no fields/)),
    );
  });

  it('do no harm where the logger throws', async () => {
    const logger = new MemoryLogger();
    const broken = new MemoryLogger();
    broken.log = (...args: unknown[]) => {
      if (args[1] === 'Request') throw new Error('disk full');
    };
    const app = await start(true, { logger }, { logger: broken });
    expect((await app.get('/ok')).status).toBe(200);
    await until('both were reported', () => logger.lines.length === 2);
    expect(logger.lines).toEqual(
      Array(2).fill(expect.stringMatching(/in a log line of the request .*disk full/)),
    );
  });

  it('leave set-up and onEnd as they are, and stand around them', async () => {
    const logger = new Logger('Own');
    const app = await start(true, {
      setup: async (context, request, response) => {
        await new Promise(setImmediate);
        logger.log(`setup ${context.id} ${request.url} ${response.headersSent}`);
      },
      onEnd: (_, { outcome }) => logger.log(`end ${outcome}`),
    });
    await app.get('/ok', { 'x-request-id': 'r1' });
    await until('it ended', () => output.text.includes('end completed'));
    const own = output.records.filter(({ context }) => context === 'Own' || context === 'Request');
    expect(own.map(({ event, message }) => event ?? message)).toEqual([
      'request.started',
      'setup r1 /ok false',
      'request.completed',
      'end completed',
    ]);
  });

  it('tell of a set-up that fails', async () => {
    const app = await start(true, {
      setup: () => {
        throw new Error('no set-up');
      },
    });
    await app.get('/ok');
    await ended();
    expect(lines()).toEqual([
      expect.objectContaining({ event: 'request.started' }),
      expect.objectContaining({
        event: 'request.failed',
        status: 500,
        error: { name: 'Error', message: 'no set-up' },
      }),
    ]);
  });

  it('say by their text what there is to say to a logger that does not know of fields', async () => {
    const logger = new MemoryLogger();
    const texts: string[] = [];
    logger.log = (...args: unknown[]) => void (args[1] === 'Request' && texts.push(String(args[0])));
    const app = await start(true, {}, { logger: logger as LoggerService });
    await app.get('/missing?token=secret');
    await until('it ended', () => logger.lines.length === 1);
    expect(texts).toEqual(['started GET /missing']);
    expect(logger.lines).toEqual([expect.stringMatching(/^warn: failed GET \/missing 404 in [\d.]+ ms$/)]);
  });

  it('have their fields in nestjs-pino too', async () => {
    written.length = 0;
    const pino = LoggerModule.forRoot({
      pinoHttp: [{ autoLogging: false, mixin: () => logFields() }, stream],
    });
    const app = await start(
      true,
      {},
      {
        imports: [pino] as DynamicModule[],
        configure: (app) => app.useLogger(app.get(PinoLogger)),
      },
    );
    await app.get('/ok', { 'x-request-id': 'r1', tenant: 'acme' });
    await until('it ended', () => written.some(({ event }) => event === 'request.completed'));
    expect(written.filter(({ context }) => context === 'Request')).toEqual([
      expect.objectContaining({ event: 'request.started', requestId: 'r1', path: '/ok' }),
      expect.objectContaining({ event: 'request.completed', requestId: 'r1', tenant: 'acme', status: 200 }),
    ]);
  });
});

describe('the options of request lines', () => {
  it.each<[string, unknown]>([
    ['logs', { logs: true }],
    ['logs.requests', { logs: { requests: 'yes' } }],
    ['logs.logger', { logs: { logger: 'json' } }],
    ['logs.requests.levels', { logs: { requests: { levels: 'log' } } }],
    ['logs.requests.levels.started', { logs: { requests: { levels: { started: () => 'log' } } } }],
    ['logs.requests.levels.failed', { logs: { requests: { levels: { failed: 'severe' } } } }],
    ['logs.requests.fields', { logs: { requests: { fields: {} } } }],
    ['logs.requests.exclude', { logs: { requests: { exclude: 'health' } } }],
    ['logs.requests.query', { logs: { requests: { query: 1 } } }],
  ])('%s: another type is a TypeError that names it', async (option, options) => {
    await expect(startApp('Express', { options: options as ContextModuleOptions })).rejects.toThrow(
      new RegExp(`option '${option.replaceAll('.', '\\.')}' must be`),
    );
  });
});
