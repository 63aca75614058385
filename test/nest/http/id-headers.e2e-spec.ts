import { once } from 'node:events';
import { Agent, IncomingMessage, request as requestOf, type Server, ServerResponse } from 'node:http';
import { connect, type IncomingHttpHeaders } from 'node:http2';
import { Readable } from 'node:stream';
import { setImmediate as macrotask } from 'node:timers/promises';
import { inspect } from 'node:util';
import {
  type ArgumentsHost,
  BadRequestException,
  Body,
  type CallHandler,
  type CanActivate,
  Catch,
  ConflictException,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  Header,
  HttpCode,
  type INestApplication,
  type MiddlewareConsumer,
  Module,
  type NestInterceptor,
  type NestModule,
  Param,
  Post,
  Redirect,
  Req,
  Res,
  Sse,
  StreamableFile,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { HttpAdapterHost, NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ContextModule, type ContextModuleOptions, RequestContext } from 'nestjs-contextvars';
import { type Observable, of, tap } from 'rxjs';
import { type RunningApp, startApp, stopApps } from '../module/support/running-app.js';
import { type AdapterName, adapters, createApp, listen, rawOf, ready } from './support/adapters.js';
import { Gate } from './support/gate.js';
import type { Sent } from './support/http-client.js';
import { RawConnection, requestText } from './support/raw-connection.js';
import { until } from './support/until.js';
import { UUID } from './support/uuid.js';

// Each answer has both ids, each of them once on the wire: whoever writes it, and whenever.

interface WireAnswer {
  readonly status: number;
  readonly message: string;
  readonly rawHeaders: readonly string[];
  readonly text: string;
}

/** The ids that a test sends, which come back. */
const IDS = { 'x-request-id': 'r-1', 'x-correlation-id': 'c-1' };
const BOTH = { request: ['r-1'], correlation: ['c-1'] };
const NOT_COMPARED = /^(x-request-id|x-correlation-id|date)$/i;
const OWN_REQUEST_ID = { request: ['own'], correlation: ['c-1'] };

async function call(
  { port }: { readonly port: number },
  { path, method = 'GET', headers = IDS, body }: Sent,
  agent: Agent | false = false,
): Promise<WireAnswer> {
  const sent = requestOf({ port, host: '127.0.0.1', agent, path, method, headers });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('latin1')) text += chunk;
  const { statusCode = 0, statusMessage = '', rawHeaders } = response;
  return { status: statusCode, message: statusMessage, rawHeaders, text };
}

/** One value for each time that the header is there. */
function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name);
}

function idsOf({ rawHeaders }: Pick<WireAnswer, 'rawHeaders'>): { request: string[]; correlation: string[] } {
  return {
    request: valuesOf(rawHeaders, 'x-request-id'),
    correlation: valuesOf(rawHeaders, 'x-correlation-id'),
  };
}

/** The heads of all answers that came over a connection, each as the list that Node would make of it. */
function headsIn(received: string): { status: number; rawHeaders: string[] }[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d+)[^\r]*\r\n((?:[^\r]+\r\n)*)\r\n/g)].map(
    ([, status, lines = '']) => ({
      status: Number(status),
      rawHeaders: lines.split('\r\n').flatMap((line) => (line === '' ? [] : line.split(/: (.*)/s, 2))),
    }),
  );
}

type Act = (response: any, raw: ServerResponse) => unknown;
type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** Answers past the framework. */
const byNode =
  (answer: (response: ServerResponse) => unknown): Act =>
  (_response, raw) =>
    void answer(raw);

const goOn: Middleware = (_request, _response, next) => next();

/** What a test wants done in the handler, and in the middleware before it. */
let act: Act;
let middleware: Middleware;
let seen: unknown[];
beforeEach(() => {
  act = () => 'acted';
  middleware = goOn;
  seen = [];
});

const others: INestApplication[] = [];
afterAll(async () => {
  await stopApps();
  for (const app of others) await app.close();
});

/** What a reply or response says of its headers. */
function look(response: any): unknown[] {
  return [
    response.getHeader('x-request-id'),
    response.getHeader('X-Correlation-Id'),
    response.hasHeader?.('x-request-id'),
    response.getHeaders?.()['x-request-id'],
  ];
}

const LOOKED = ['r-1', 'c-1', true, 'r-1'];

class ThrowingGuard implements CanActivate {
  canActivate(): boolean {
    throw new BadRequestException('guard');
  }
}

class RefusingGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

class LookingInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const response = context.switchToHttp().getResponse();
    seen.push(look(response));
    return next.handle().pipe(tap({ error: () => seen.push(look(response)) }));
  }
}

@Catch()
class AnsweringFilter implements ExceptionFilter {
  catch(_error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse();
    seen.push(look(response));
    response.status(418).send('filtered');
  }
}

@Catch()
class ThrowingFilter implements ExceptionFilter {
  catch(): void {
    throw new Error('filter');
  }
}

@Controller()
class AnswersController {
  constructor(
    private readonly context: RequestContext,
    private readonly host: HttpAdapterHost,
  ) {}

  @Get('text') text(): string {
    return this.context.id;
  }

  @Get('json') async json(): Promise<object> {
    await macrotask();
    return { id: this.context.id };
  }

  @Get('nothing') nothing(): void {}

  @Post('body') body(@Body() body: unknown): unknown {
    return body;
  }

  @Get('param/:name') param(@Param('name') name: string): string {
    return name;
  }

  @Get('guarded') @UseGuards(ThrowingGuard) guarded(): void {}

  @Get('refused') @UseGuards(RefusingGuard) refused(): void {}

  @Get('conflict') conflict(): never {
    throw new ConflictException();
  }

  @Get('broken') async broken(): Promise<never> {
    await macrotask();
    throw new Error('an error that no filter knows');
  }

  @Get('filtered')
  @UseInterceptors(LookingInterceptor)
  @UseFilters(AnsweringFilter)
  filtered(@Res({ passthrough: true }) response: any): never {
    seen.push(look(response));
    throw new Error('filtered');
  }

  @Get('misfiltered') @UseFilters(ThrowingFilter) misfiltered(): never {
    throw new Error('misfiltered');
  }

  @Get('moved') @Redirect('/text', 301) moved(): void {}

  @Get('empty') @HttpCode(204) empty(): void {}

  @Get('unchanged') @HttpCode(304) unchanged(): void {}

  @Get('file') file(): StreamableFile {
    return new StreamableFile(Readable.from([Buffer.from('a'), Buffer.from('b')]), { type: 'text/plain' });
  }

  @Get('lost-file') lostFile(): StreamableFile {
    const stream = new Readable({ read: () => stream.destroy(new Error('lost')) });
    return new StreamableFile(stream);
  }

  @Sse('events') events(): Observable<{ data: string }> {
    return of({ data: 'a' }, { data: 'b' });
  }

  @Get('by-adapter') byAdapter(@Res() response: unknown): void {
    this.host.httpAdapter.reply(response, 'by adapter', 202);
  }

  @Get('decorated') @Header('X-Request-Id', 'own') decorated(): string {
    return 'decorated';
  }

  @Sse('decorated-events')
  @Header('X-Request-Id', 'own')
  decoratedEvents(): Observable<{ data: string }> {
    return of({ data: 'a' });
  }

  /** Answers by itself. */
  @Get('act') act(@Res() response: any): unknown {
    return act(response, rawOf<ServerResponse>(response));
  }

  /** Is answered by Nest. */
  @Get('passed') passed(@Res({ passthrough: true }) response: any): unknown {
    return act(response, rawOf<ServerResponse>(response)) ?? 'passed';
  }

  @Get('requested') requested(@Req() request: any, @Res({ passthrough: true }) response: any): unknown {
    return act(rawOf<IncomingMessage>(request), rawOf<ServerResponse>(response));
  }
}

@Module({})
class MiddlewareModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    const run: Middleware = (request, response, next) => middleware(request, response, next);
    consumer.apply(run).forRoutes('{*path}');
  }
}

function start(
  adapter: AdapterName,
  options: ContextModuleOptions = {},
  configure?: (app: any) => unknown,
): Promise<RunningApp> {
  const imports = [MiddlewareModule];
  return startApp(adapter, {
    options: { logger: false, ...options },
    controllers: [AnswersController],
    imports,
    configure,
  });
}

/** The same application, without the module. */
async function startPlain(
  adapter: AdapterName,
  configure: (app: INestApplication) => unknown,
): Promise<{ readonly port: number; readonly app: INestApplication }> {
  class PlainModule {}
  const module = {
    module: PlainModule,
    imports: [MiddlewareModule],
    controllers: [AnswersController],
    providers: [{ provide: RequestContext, useValue: { id: 'r-1' } }],
  };
  const app = await createApp(adapter, module);
  configure(app);
  others.push(app);
  return { app, port: await listen(app) };
}

/** An application on Fastify with options of Fastify's. */
async function startFastify(options: object): Promise<INestApplication> {
  class RootModule {}
  const imports = [ContextModule.forRoot({ logger: false }), MiddlewareModule];
  const module = { module: RootModule, imports, controllers: [AnswersController] };
  const http = new FastifyAdapter(options);
  const app = await NestFactory.create(module as never, http as never, { logger: false });
  others.push(app);
  return app;
}

/** Without HTTP/1 on a socket. A header that is there twice is joined, or an array. */
interface OtherAnswer {
  readonly status: unknown;
  readonly ids: unknown[];
}

async function overHttp2(port: number, path: string): Promise<OtherAnswer> {
  const client = connect(`http://127.0.0.1:${port}`);
  const stream = client.request({ ':path': path, ...IDS });
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
  stream.resume();
  await once(stream, 'close');
  client.close();
  return { status: headers[':status'], ids: [headers['x-request-id'], headers['x-correlation-id']] };
}

async function overInject(app: INestApplication, path: string): Promise<OtherAnswer> {
  const fastify = app.getHttpAdapter().getInstance();
  const { statusCode, headers } = await fastify.inject({ url: path, headers: IDS });
  return { status: statusCode, ids: [headers['x-request-id'], headers['x-correlation-id']] };
}

function failing(this: Readable): void {
  this.destroy(new Error('failing'));
}

describe.each(adapters)('on %s', (adapter) => {
  let app: RunningApp;
  let plain: { readonly port: number; readonly app: INestApplication };
  beforeAll(async () => {
    const configure = (created: any) => {
      created.use('/used', (_request: unknown, response: ServerResponse) =>
        response.writeHead(402, { 'content-type': 'text/plain' }).end('used'),
      );
      created.use('/failed', () => {
        throw new Error('failed');
      });
    };
    app = await start(adapter, {}, configure);
    plain = await startPlain(adapter, configure);
  });

  /** Everything but the ids is what it is without the module. */
  async function callBoth(sent: Sent): Promise<WireAnswer> {
    const [answer, other] = [await call(app, sent), await call(plain, sent)];
    const rest = ({ rawHeaders }: WireAnswer) =>
      rawHeaders.filter((_, i) => !NOT_COMPARED.test(rawHeaders[i - (i % 2)] as string));
    expect({ ...answer, rawHeaders: rest(answer) }).toEqual({ ...other, rawHeaders: rest(other) });
    return answer;
  }

  describe('both ids are there once, and all else is as without the module', () => {
    it.each<[what: string, path: string, status: number, sent?: Omit<Sent, 'path'>]>([
      ['text', '/text', 200],
      ['JSON', '/json', 200],
      ['nothing at all', '/nothing', 200],
      ['a body', '/body', 201, { method: 'POST', body: '{}' }],
      ['a body that cannot be parsed', '/body', 400, { method: 'POST', body: '{' }],
      ['a body that is too large', '/body', 413, { method: 'POST', body: `"${'a'.repeat(2 ** 21)}"` }],
      ['a route that is not there', '/nowhere', 404],
      ['a URL that is malformed', '/%zz', 400],
      ['a parameter that is malformed', '/param/%zz', 400],
      ['a guard that throws', '/guarded', 400],
      ['a guard that refuses', '/refused', 403],
      ['a handler that throws', '/conflict', 409],
      ['a handler that rejects', '/broken', 500],
      ['a filter that answers', '/filtered', 418],
      ['a filter that throws', '/misfiltered', 500],
      ['a redirect', '/moved', 301],
      ['204', '/empty', 204],
      ['304', '/unchanged', 304],
      ['HEAD', '/text', 200, { method: 'HEAD' }],
      ['HEAD of a route that is not there', '/nowhere', 404, { method: 'HEAD' }],
      ['OPTIONS', '/text', 404, { method: 'OPTIONS' }],
      ['a file', '/file', 200],
      ['a file that is lost before its first byte', '/lost-file', adapter === 'Express' ? 400 : 500],
      ['events', '/events', 200],
      ['a handler that answers through the adapter', '/by-adapter', 202],
      ['middleware of the application that answers', '/used', 402],
      ['middleware of the application that throws', '/failed', 500],
    ])('%s', async (_, path, status, sent = {}) => {
      const headers = { ...IDS, ...(sent.body && { 'content-type': 'application/json' }) };
      const answer = await callBoth({ path, headers, ...sent });
      expect(answer.status).toBe(status);
      expect(idsOf(answer)).toEqual(BOTH);
    });

    it.each<[string, Act]>([
      ['send', (response) => response.status(299).header('X-A', 'a').send('sent')],
      ['send of JSON, later', (response) => macrotask().then(() => void response.send({ sent: true }))],
      ['end', byNode((raw) => raw.end('a'))],
      ['end with a reason', byNode((raw) => Object.assign(raw, { statusMessage: 'Fine' }).end('a'))],
      ['write and end', byNode((raw) => raw.write('a') && raw.end('b'))],
      ['a stream that is piped', byNode((raw) => Readable.from(['a', 'b']).pipe(raw))],
      ['flushHeaders', byNode((raw) => (raw.flushHeaders() as undefined) ?? raw.end('flushed'))],
      ['no date', byNode((raw) => Object.assign(raw, { sendDate: false }).writeHead(200).end())],
      ['setHeader', byNode((raw) => raw.setHeader('X-A', 'a').end('a'))],
      [
        'setHeader and writeHead',
        byNode((raw) => raw.setHeader('X-A', 'a').writeHead(299, { 'x-a': 'b' }).end()),
      ],
      [
        'setHeader and writeHead with a flat array',
        byNode((raw) => raw.setHeader('X-A', 'a').writeHead(299, ['X-B', 'b', 'x-a', 'c']).end()),
      ],
      ['writeHead with a status', byNode((raw) => raw.writeHead(299).end('a'))],
      ['writeHead with a reason', byNode((raw) => raw.writeHead(299, 'Fine').end('a'))],
      [
        'writeHead with headers',
        byNode((raw) => raw.writeHead(299, { 'X-A': 'a', 'x-b': ['b', 'c'] }).end()),
      ],
      [
        'writeHead with a reason and headers',
        byNode((raw) => raw.writeHead(299, 'Fine', { 'X-A': 'a' }).end('a')),
      ],
      ['writeHead with the length', byNode((raw) => raw.writeHead(200, { 'Content-Length': 1 }).end('a'))],
      ['writeHead with undefined', byNode((raw) => raw.writeHead(200, undefined, undefined).end())],
      [
        'writeHead with headers and undefined',
        byNode((raw) => raw.writeHead(200, { 'X-A': 'a' } as any, undefined).end()),
      ],
      ['writeHead with no headers', byNode((raw) => raw.writeHead(200, {}).end())],
      [
        'writeHead with inherited headers, which Node does not write',
        byNode((raw) => raw.writeHead(200, Object.create({ 'x-request-id': 'inherited' })).end()),
      ],
      ['writeHead with an empty array', byNode((raw) => raw.writeHead(200, []).end())],
      ['writeHead with a flat array', byNode((raw) => raw.writeHead(200, ['X-A', 'a', 'X-B', 'b']).end())],
      [
        'writeHead with a reason and a flat array',
        byNode((raw) => raw.writeHead(200, 'Fine', ['X-A', 'a']).end()),
      ],
      ['writeHeader', byNode((raw) => (raw as any).writeHeader(299, { 'x-a': 'a' }).end())],
    ])('a handler that answers by %s', async (_, answering) => {
      act = answering;
      expect(idsOf(await callBoth({ path: '/act' }))).toEqual(BOTH);
    });

    it.each<[string, (response: ServerResponse) => unknown]>([
      ['end', (response) => Object.assign(response, { statusCode: 401 }).end()],
      ['write', (response) => response.writeHead(401).write('a') && response.end()],
      ['writeHead', (response) => response.writeHead(401, { 'x-a': 'a' }).end('no')],
      ['setHeader and writeHead', (response) => response.setHeader('x-a', 'a').writeHead(401, 'No').end()],
      ['end, later', (response) => macrotask().then(() => void response.writeHead(401).end())],
    ])('middleware that answers by %s', async (_, answering) => {
      middleware = (_request, response) => void answering(response);
      for (const path of ['/text', '/nowhere']) {
        const answer = await callBoth({ path });
        expect(answer.status).toBe(401);
        expect(idsOf(answer)).toEqual(BOTH);
      }
    });
  });

  describe('both ids are there once', () => {
    it('from a listener of the server that answers in place of the framework', async () => {
      const server: Server = app.app.getHttpServer();
      const listeners = server.listeners('request') as (() => void)[];
      server.removeAllListeners('request').on('request', (_request, response) => {
        response.writeHead(503, { 'X-A': 'a' }).end();
      });
      try {
        expect(idsOf(await call(app, { path: '/text' }))).toEqual(BOTH);
      } finally {
        server.removeAllListeners('request');
        for (const listener of listeners) server.on('request', listener);
      }
    });

    it('with ids that are made here, of which each request has its own', async () => {
      const paths = ['/text', '/nowhere', '/%zz', '/file'];
      const made = new Set<unknown>();
      for (const path of paths) {
        const answer = await call(app, { path, headers: {} });
        const { request, correlation } = idsOf(answer);
        expect(request).toEqual([expect.stringMatching(UUID)]);
        expect(correlation).toEqual(request);
        if (path === '/text') expect(answer.text).toBe(request[0]);
        made.add(request[0]);
      }
      expect(made.size).toBe(paths.length);
    });

    it('under the names that the options give', async () => {
      const named = await start(adapter, {
        requestId: { header: 'X-Trace' },
        correlationId: { header: 'X-Flow' },
      });
      for (const path of ['/text', '/nowhere', '/%zz', '/file', '/events', '/broken']) {
        const { rawHeaders } = await call(named, { path, headers: { 'x-trace': 't', 'X-FLOW': 'f' } });
        const values = ['x-trace', 'x-flow', 'x-request-id'].map((name) => valuesOf(rawHeaders, name));
        expect([path, ...values]).toEqual([path, ['t'], ['f'], []]);
      }
    });

    it('to HTTP/1.0', async () => {
      for (const path of ['/text', '/nowhere', '/%zz', '/file', '/moved']) {
        const client = await RawConnection.open(app.port);
        client.write(`GET ${path} HTTP/1.0\r\nX-Request-ID: r-1\r\nX-Correlation-ID: c-1\r\n\r\n`);
        await once(client.socket, 'close');
        expect([path, ...headsIn(client.received).map(idsOf)]).toEqual([path, BOTH]);
      }
    });

    it('beside the headers of CORS and of security, also to a preflight', async () => {
      const guarded = await start(adapter, {}, (created) => {
        created.enableCors();
        created.useSecurityHeaders?.();
      });
      const preflight = { ...IDS, origin: 'http://a.example', 'access-control-request-method': 'GET' };
      const answers = [await call(guarded, { path: '/text', method: 'OPTIONS', headers: preflight })];
      for (const path of ['/text', '/nowhere', '/%zz', '/file', '/broken'])
        answers.push(await call(guarded, { path }));
      expect(answers.map(({ status }) => status)).toEqual([204, 200, 404, 400, 200, 500]);
      expect(answers.map(idsOf)).toEqual(answers.map(() => BOTH));
      expect(valuesOf(answers[0]!.rawHeaders, 'access-control-allow-origin')).toEqual(['*']);
    });

    it('after interim answers, which are sent as they are', async () => {
      act = byNode((raw) => {
        raw.writeProcessing();
        raw.writeEarlyHints({ link: '</a.css>; rel=preload', 'x-hint': 'a' });
        raw.writeHead(200, { 'x-a': 'a' }).end('final');
      });
      const client = await RawConnection.open(app.port);
      client.write(requestText('POST', '/body', { ...IDS, expect: '100-continue' }));
      await client.receive('HTTP/1.1 201');
      client.write(requestText('GET', '/act', IDS));
      await client.receive('final');
      const heads = headsIn(client.received);
      expect(heads.map(({ status }) => status)).toEqual([100, 201, 102, 103, 200]);
      const [going, created, processing, hints, final] = heads;
      expect([going?.rawHeaders, processing?.rawHeaders]).toEqual([[], []]);
      expect(hints?.rawHeaders).toEqual(['Link', '</a.css>; rel=preload', 'x-hint', 'a']);
      expect([idsOf(created!), idsOf(final!)]).toEqual([BOTH, BOTH]);
      await client.leave();
    });

    it('where others have put a wrapper around writeHead, which runs once', async () => {
      middleware = (_request, response, next) => {
        const { writeHead } = response as { writeHead: any };
        response.writeHead = function (this: ServerResponse, ...args: any[]) {
          seen.push(args[0]);
          this.setHeader('x-wrapped', 'yes');
          return writeHead.apply(this, args);
        } as never;
        next();
      };
      for (const path of ['/text', '/file', '/nowhere', '/events']) {
        const answer = await call(app, { path });
        expect([path, idsOf(answer)]).toEqual([path, BOTH]);
        expect([path, valuesOf(answer.rawHeaders, 'x-wrapped')]).toEqual([path, ['yes']]);
      }
      expect(seen).toEqual([200, 200, 404, 200]);
    });

    it('where the response is written behind a proxy', async () => {
      act = byNode((raw) => new Proxy(raw, {}).writeHead(201, { 'x-a': 'a' }) && raw.end('proxied'));
      const answer = await callBoth({ path: '/act' });
      expect(answer.status).toBe(201);
      expect(idsOf(answer)).toEqual(BOTH);
    });
  });

  describe('what an application sets itself wins', () => {
    it.each(['/decorated', '/decorated-events'])('by the decorator: %s', async (path) => {
      expect(idsOf(await call(app, { path }))).toEqual(OWN_REQUEST_ID);
    });

    it.each<[string, Act]>([
      ['header of the response', (response) => response.header('X-Request-Id', 'own')],
      ['setHeader of Node', (_response, raw) => raw.setHeader('X-Request-Id', 'own')],
      ['setHeaders of Node', (_response, raw) => raw.setHeaders(new Headers({ 'X-Request-Id': 'own' }))],
    ])('by %s, in the handler', async (_, set) => {
      for (const answered of ['text', 'error', 'file']) {
        act = (response, raw) => {
          set(response, raw);
          if (answered === 'error') throw new ConflictException();
          return answered === 'file' ? new StreamableFile(Buffer.from('a')) : answered;
        };
        const answer = await call(app, { path: '/passed' });
        expect([answered, idsOf(answer)]).toEqual([answered, OWN_REQUEST_ID]);
      }
    });

    it.each(['/text', '/json', '/nowhere', '/conflict', '/moved', '/empty', '/events', '/file'])(
      'by setHeader of Node in middleware, before %s',
      async (path) => {
        middleware = (_request, response, next) => {
          response.setHeader('X-Request-Id', 'own');
          next();
        };
        expect(idsOf(await call(app, { path }))).toEqual(OWN_REQUEST_ID);
      },
    );

    it.each(['/text', '/nowhere', '/%zz', '/events', '/file'])(
      'by setHeader of Node in a listener of the server, before %s',
      async (path) => {
        const server: Server = app.app.getHttpServer();
        const setting = (_request: unknown, response: ServerResponse) =>
          void response.setHeader('x-request-id', 'own');
        server.prependListener('request', setting);
        try {
          expect(idsOf(await call(app, { path }))).toEqual(OWN_REQUEST_ID);
        } finally {
          server.removeListener('request', setting);
        }
      },
    );

    it.each<[string, Act]>([
      ['in mixed case', byNode((raw) => raw.writeHead(200, { 'X-Request-Id': 'own' }).end())],
      ['with a reason', byNode((raw) => raw.writeHead(200, 'Fine', { 'X-REQUEST-ID': 'own' }).end())],
      [
        'before undefined',
        byNode((raw) => raw.writeHead(200, { 'X-Request-Id': 'own' } as any, undefined).end()),
      ],
      ['after undefined', byNode((raw) => raw.writeHead(200, undefined, { 'X-Request-Id': 'own' }).end())],
      [
        'without a prototype',
        byNode((raw) =>
          raw.writeHead(200, Object.assign(Object.create(null), { 'X-Request-Id': 'own' })).end(),
        ),
      ],
      ['in a flat array', byNode((raw) => raw.writeHead(200, ['X-Request-Id', 'own']).end())],
      [
        'in a flat array with a reason',
        byNode((raw) => raw.writeHead(200, 'Fine', ['X-Request-Id', 'own']).end()),
      ],
      [
        'after setHeader of the same',
        byNode((raw) =>
          raw.setHeader('x-request-id', 'other').writeHead(200, { 'X-Request-Id': 'own' }).end(),
        ),
      ],
      [
        'in a flat array, after setHeader of the same',
        byNode((raw) => raw.setHeader('x-request-id', 'other').writeHead(200, ['X-Request-Id', 'own']).end()),
      ],
      [
        'after setHeader of another',
        byNode((raw) => raw.setHeader('x-a', 'a').writeHead(200, { 'X-Request-Id': 'own' }).end()),
      ],
      [
        'in a flat array, after setHeader of another',
        byNode((raw) => raw.setHeader('x-a', 'a').writeHead(200, ['X-Request-Id', 'own']).end()),
      ],
      [
        'with all headers that the response has',
        (response, raw) => void raw.writeHead(200, { ...response.getHeaders(), 'X-Request-Id': 'own' }).end(),
      ],
    ])('by writeHead, %s', async (_, answering) => {
      act = answering;
      expect(idsOf(await callBoth({ path: '/act' }))).toEqual(OWN_REQUEST_ID);
    });

    it('for both of them', async () => {
      const own = { 'X-Correlation-ID': 'flow', 'X-Request-ID': 'own' };
      const ids = { request: ['own'], correlation: ['flow'] };
      act = byNode((raw) => raw.writeHead(200, own).end());
      expect(idsOf(await call(app, { path: '/act' }))).toEqual(ids);
      act = (response) => {
        for (const [name, value] of Object.entries(own)) response.header(name, value);
        response.send('');
      };
      expect(idsOf(await call(app, { path: '/act' }))).toEqual(ids);
    });

    it('also where it removes one', async () => {
      const ids = { request: [], correlation: ['c-1'] };
      act = (response) => void response.removeHeader('x-request-id');
      expect(idsOf(await call(app, { path: '/passed' }))).toEqual(ids);
      act = (_response, raw) => {
        raw.removeHeader('x-request-id');
        raw.end();
      };
      expect(idsOf(await call(app, { path: '/act' }))).toEqual(ids);
    });
  });

  describe('for those who write and hold the response nothing changes', () => {
    it('writeHead gives the response, and the error of Node after the head has been written', async () => {
      act = byNode((raw) => {
        seen.push(raw.writeHead(200, { 'x-a': 'a' }) === raw);
        try {
          raw.writeHead(500, { 'x-b': 'b' });
        } catch (error) {
          seen.push((error as { code?: string }).code, (error as Error).message);
        }
        raw.end('once');
      });
      expect(idsOf(await callBoth({ path: '/act' }))).toEqual(BOTH);
      const expected = [
        true,
        'ERR_HTTP_HEADERS_SENT',
        'Cannot write headers after they are sent to the client',
      ];
      expect(seen).toEqual([...expected, ...expected]);
    });

    it.each<[string, string, any[]]>([
      ['an invalid status', 'ERR_HTTP_INVALID_STATUS_CODE', [7]],
      ['no status', 'ERR_HTTP_INVALID_STATUS_CODE', []],
      ['an invalid value', 'ERR_INVALID_CHAR', [500, { 'x-a': 'a\nb' }]],
      ['no value', 'ERR_HTTP_INVALID_HEADER_VALUE', [500, { 'x-a': undefined }]],
      ['no value of an id', 'ERR_HTTP_INVALID_HEADER_VALUE', [500, { 'x-request-id': undefined }]],
      ['an invalid name', 'ERR_INVALID_HTTP_TOKEN', [500, { 'x a': 'a' }]],
      ['an invalid reason', 'ERR_INVALID_CHAR', [500, 'a\nb', { 'x-a': 'a' }]],
      ['half of a flat array', 'ERR_INVALID_ARG_VALUE', [500, ['x-a']]],
    ])('writeHead with %s gives the error of Node, and the next one answers', async (_, code, args) => {
      act = byNode((raw) => {
        try {
          (raw as any).writeHead(...args);
        } catch (error) {
          seen.push((error as { code?: string }).code);
        }
        raw.writeHead(200, 'OK', { 'x-b': 'b' }).end('next');
      });
      const answer = await call(app, { path: '/act' });
      expect(seen).toEqual([code]);
      expect(answer).toMatchObject({ status: 200, text: 'next' });
      expect(idsOf(answer)).toEqual(BOTH);
    });

    it('a request and a response show nothing of ours but the names of functions', async () => {
      const shown: string[][] = [];
      act = (request, response) => {
        for (const object of [request, response]) {
          const functions = inspect(object, { depth: 0 }).match(/\[Function[^\]]*\]/g) ?? [];
          shown.push([...Reflect.ownKeys(object).map(String), ...functions]);
        }
        // As `console.log` does; Node 20 itself shows further down what an AsyncLocalStorage holds.
        expect(inspect(request) + inspect(response)).not.toMatch(/nestjs-contextvars|Exchange/i);
        return 'shown';
      };
      await callBoth({ path: '/requested' });
      const [ofRequest = [], ofResponse = [], plainRequest = [], plainResponse = []] = shown;
      const emit = (name: string) => [`[Function: ${name}]`, 'emit'];
      const added = (list: string[], to: string[]) => list.filter((entry) => !to.includes(entry)).sort();
      expect(added(ofRequest, plainRequest)).toEqual(emit('emitOfRequest'));
      expect(added(ofResponse, plainResponse)).toEqual(emit('emitOfResponse'));
    });

    it('a copy of a request is another request, with ids of its own in its answer', async () => {
      act = async (request: IncomingMessage) => {
        const copy = Object.assign(new IncomingMessage(request.socket), { ...request, url: '/text' });
        copy.headers = { 'x-request-id': 'copied' };
        const response = new ServerResponse(copy);
        app.app.getHttpServer().emit('request', copy, response);
        await until('the copy was answered', () => response.writableEnded);
        return (response as any)._header;
      };
      const answer = await call(app, { path: '/requested' });
      expect(answer.text.match(/^x-.*-id: .*/gim)).toEqual([
        'x-request-id: copied',
        'x-correlation-id: copied',
      ]);
      expect(idsOf(answer)).toEqual(BOTH);
    });

    it('a copy of a request can be handed on with the same response, which has ids once', async () => {
      act = (request: IncomingMessage, response: ServerResponse) => {
        const { port } = request.socket.address() as { port: number };
        const handedOn = port === app.port ? app.app : plain.app;
        const copy = Object.assign(new IncomingMessage(request.socket), { ...request, url: '/json' });
        copy.headers = { 'x-request-id': 'copied' };
        handedOn.getHttpServer().emit('request', copy, response);
        return new Promise((resolve) => response.on('finish', resolve));
      };
      expect(await call({ port: plain.port }, { path: '/requested' })).toMatchObject({ status: 200 });
      const answer = await call(app, { path: '/requested' });
      expect(answer.status).toBe(200);
      expect(idsOf(answer)).toEqual({ request: [expect.any(String)], correlation: [expect.any(String)] });
    });

    it('a copy of a response emits, and writes a head without the ids of the first one', async () => {
      act = (_request, response: ServerResponse) => {
        const copy = new ServerResponse({ method: 'GET' } as never);
        for (const name of ['emit', 'writeHead'] as const)
          if (Object.hasOwn(response, name)) Object.assign(copy, { [name]: response[name] });
        copy.on('custom', (value) => seen.push(value)).emit('custom', 'heard');
        copy.writeHead(200, { 'x-a': 'a' });
        return (copy as any)._header;
      };
      const answer = await call(app, { path: '/requested' });
      expect(seen).toEqual(['heard']);
      expect(answer.text).toContain('x-a: a');
      expect(answer.text).not.toMatch(/r-1|c-1/);
      expect(idsOf(answer)).toEqual(BOTH);
    });

    it('what inherits from a request or a response emits', async () => {
      act = (request: IncomingMessage, response: ServerResponse) => {
        for (const object of [Object.create(request), Object.create(response)]) {
          object.once('custom', (value: unknown) => seen.push(value));
          object.emit('custom', 'heard');
        }
        return 'inherited';
      };
      expect((await callBoth({ path: '/requested' })).status).toBe(200);
      expect(seen).toEqual(['heard', 'heard', 'heard', 'heard']);
    });

    it('what inherits from a response writes a head', async () => {
      act = byNode((raw) => {
        seen.push(Object.create(raw).writeHead(202, { 'x-a': 'a' }).statusCode);
        raw.end('inherited');
      });
      for (const { port } of [plain, app]) expect((await call({ port }, { path: '/act' })).status).toBe(200);
      expect(seen).toEqual([202, 202]);
    });
  });

  describe('nothing of one request gets into another', () => {
    const shared = { 'content-type': 'text/plain' };
    const frozen = Object.freeze({ ...shared });
    const list = ['content-type', 'text/plain'];
    const ids = ['s-1', 's-2', 's-3'];
    const both = (id: string) => ({ request: [id], correlation: [id] });

    it.each<[string, Act]>([
      ['headers that all share', byNode((raw) => raw.writeHead(200, shared).end('shared'))],
      [
        'headers that all share, after setHeader',
        byNode((raw) => raw.setHeader('x-a', 'a').writeHead(200, shared).end('shared')),
      ],
      ['frozen headers that all share', byNode((raw) => raw.writeHead(200, frozen).end('shared'))],
      ['an array that all share', byNode((raw) => raw.writeHead(200, list).end('shared'))],
      ['send', (response) => response.send('shared')],
    ])('on one connection: %s', async (_, answering) => {
      act = answering;
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const sockets = new Set();
      agent.on('free', (socket) => sockets.add(socket));
      for (const id of ids) {
        const answer = await call(app, { path: '/act', headers: { 'x-request-id': id } }, agent);
        expect(idsOf(answer)).toEqual(both(id));
      }
      expect(sockets.size).toBe(1);
      agent.destroy();

      const pipeline = await RawConnection.open(app.port);
      pipeline.write(ids.map((id) => requestText('GET', '/act', { 'x-request-id': id })).join(''));
      await pipeline.receive('shared', ids.length);
      expect(headsIn(pipeline.received).map(idsOf)).toEqual(ids.map(both));
      await pipeline.leave();
      expect([shared, list]).toEqual([{ 'content-type': 'text/plain' }, ['content-type', 'text/plain']]);
    });

    it('pipelined answers of all kinds, of which the first one is the last to be ready', async () => {
      const paths = ['/act', '/text', '/nowhere', '/%zz', '/file', '/moved', '/act'];
      const idAt = (i: number) => `p-${i}`;
      const [held, release] = [new Gate(), new Gate()];
      act = async (_response, raw) => {
        held.open();
        await release.passed;
        raw.writeHead(200, shared).end('shared');
      };
      const client = await RawConnection.open(app.port);
      client.write(paths.map((path, i) => requestText('GET', path, { 'x-request-id': idAt(i) })).join(''));
      await held.passed;
      await macrotask();
      release.open();
      await client.receive('shared', 2);
      expect(headsIn(client.received).map(idsOf)).toEqual(paths.map((_, i) => both(idAt(i))));
      await client.leave();
    });

    it('an id that an application sets', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      act = (response) => response.header('x-request-id', 'own').send('own');
      expect(idsOf(await call(app, { path: '/act' }, agent))).toEqual(OWN_REQUEST_ID);
      act = (response) => response.send('next');
      expect(idsOf(await call(app, { path: '/act' }, agent))).toEqual(BOTH);
      agent.destroy();
    });
  });

  it('handlers, interceptors and filters find the ids among the headers', async () => {
    await call(app, { path: '/filtered' });
    expect(seen).toEqual([LOOKED, LOOKED, LOOKED, LOOKED]);
  });

  it('with respondWithIds: false there is neither, unless an application sets it', async () => {
    const silent = await start(adapter, { respondWithIds: false });
    act = byNode((raw) => raw.writeHead(200, { 'x-a': 'a' }).end());
    for (const path of ['/text', '/nowhere', '/%zz', '/broken', '/file', '/events', '/act']) {
      const answer = await call(silent, { path });
      expect([path, idsOf(answer)]).toEqual([path, { request: [], correlation: [] }]);
    }
    expect(idsOf(await call(silent, { path: '/decorated' }))).toEqual({ request: ['own'], correlation: [] });
  });

  it('to an excluded request there is neither', async () => {
    const partly = await start(adapter, { exclude: ['text'] });
    expect(idsOf(await call(partly, { path: '/text' }))).toEqual({ request: [], correlation: [] });
    expect(idsOf(await call(partly, { path: '/json' }))).toEqual(BOTH);
  });

  describe('one header for both ids has the correlation id', () => {
    let shared: RunningApp;
    beforeAll(async () => {
      shared = await start(adapter, {
        requestId: { header: 'x-id', accept: false },
        correlationId: { header: 'X-Id' },
      });
    });

    it.each<[string, string, Act?]>([
      ['text', '/text'],
      ['a file', '/file'],
      ['events', '/events'],
      ['a route that is not there', '/nowhere'],
      ['a malformed URL', '/%zz'],
      ['end', '/act', byNode((raw) => raw.end())],
      ['setHeader', '/act', byNode((raw) => raw.setHeader('x-a', 'a').end())],
      ['writeHead with a status', '/act', byNode((raw) => raw.writeHead(200).end())],
      ['writeHead with headers', '/act', byNode((raw) => raw.writeHead(200, { 'x-a': 'a' }).end())],
      ['writeHead with an array', '/act', byNode((raw) => raw.writeHead(200, ['x-a', 'a']).end())],
    ])('%s', async (_, path, answering = () => {}) => {
      act = answering;
      const { rawHeaders } = await call(shared, { path, headers: { 'x-id': 'conversation' } });
      expect(valuesOf(rawHeaders, 'x-id')).toEqual(['conversation']);
    });
  });
});

const hookNames = ['onRequest', 'preParsing', 'preHandler', 'preSerialization', 'onSend', 'onResponse'];

describe('on Fastify alone', () => {
  let app: RunningApp;
  let hooks: Record<string, (request: any, reply: any) => unknown>;
  beforeEach(() => {
    hooks = {};
  });
  beforeAll(async () => {
    app = await start('Fastify', {}, (created) => {
      const fastify = created.getHttpAdapter().getInstance();
      for (const name of hookNames) {
        // By its number of parameters the framework would tell whether it calls back.
        fastify.addHook(name, async (...args: [any, any]) => hooks[name]?.(...args));
      }
      fastify.register(async (scope: any) => {
        scope.setErrorHandler((error: Error, _request: unknown, reply: any) => {
          seen.push(look(reply));
          if (error.message === 'twice') throw error;
          reply.code(422).send({ handled: error.message });
        });
        scope.get('/plugin/:message', (request: any) => {
          throw new Error(request.params.message);
        });
        scope.get('/route', (_request: unknown, reply: any) => reply.send(look(reply)));
        const schema = { response: { 200: { type: 'object', properties: { a: { type: 'integer' } } } } };
        scope.get('/unserializable', { schema }, () => ({ a: 'no number' }));
      });
    });
  });

  describe('both ids are there once', () => {
    it.each<[string, string, number]>([
      ['a parameter that is too long', `/param/${'a'.repeat(101)}`, 414],
      ['a route of a plugin', '/route', 200],
      ['an error handler of a plugin', '/plugin/once', 422],
      ['an error handler that throws', '/plugin/twice', 500],
      ['an answer that cannot be serialized', '/unserializable', 422],
    ])('%s', async (_, path, status) => {
      const answer = await call(app, { path });
      expect(answer.status).toBe(status);
      expect(idsOf(answer)).toEqual(BOTH);
    });

    it.each<[string, Act]>([
      ['hijack and end', (reply) => void reply.hijack().raw.end('raw')],
      ['hijack and writeHead', (reply) => void reply.hijack().raw.writeHead(200, { 'x-a': 'a' }).end('raw')],
      [
        'hijack and writeHead with the headers of the reply',
        (reply) => void reply.hijack().raw.writeHead(200, reply.getHeaders()).end('raw'),
      ],
      ['a stream', (reply) => reply.send(Readable.from(['a', 'b']))],
      ['a stream of the web', (reply) => reply.send(new Blob(['a']).stream())],
      ['a stream that fails at once', (reply) => void reply.send(new Readable({ read: failing }))],
      ['a Response of the web', (reply) => reply.send(new Response('a', { headers: { 'x-a': 'a' } }))],
      ['a Buffer', (reply) => reply.send(Buffer.from('a'))],
      ['an Error', (reply) => void reply.send(new Error('sent'))],
      ['callNotFound', (reply) => void reply.callNotFound()],
      ['trailers', (reply) => void reply.trailer('x-end', async () => 'end').send('a')],
      ['early hints', (reply) => void reply.writeEarlyHints({ link: '</a.css>; rel=preload' }).send('a')],
    ])('a handler that answers with %s', async (_, answering) => {
      act = answering;
      expect(idsOf(await call(app, { path: '/act' }))).toEqual(BOTH);
    });

    it.each(['onRequest', 'preParsing', 'preHandler'])('%s that replies early', async (name) => {
      hooks[name] = (_request, reply) => {
        seen.push(look(reply));
        return reply.code(401).send('early');
      };
      for (const path of ['/text', '/nowhere']) {
        const answer = await call(app, { path });
        expect(answer).toMatchObject({ status: 401, text: 'early' });
        expect(idsOf(answer)).toEqual(BOTH);
      }
      expect(seen).toEqual([LOOKED, LOOKED]);
    });

    it.each(hookNames.slice(0, -1))('%s that throws', async (name) => {
      hooks[name] = () => {
        throw new Error('hook');
      };
      const answer = await call(app, { path: '/json' });
      expect(answer.status).toBe(500);
      expect(idsOf(answer)).toEqual(BOTH);
    });

    it('with options of the framework: answers to errors of its own, responses of another class', async () => {
      class OwnResponse extends ServerResponse {
        override writeHead(...args: any[]): any {
          seen.push(args[0]);
          return super.writeHead(...(args as [number]));
        }
      }
      const created = await startFastify({
        http: { ServerResponse: OwnResponse },
        frameworkErrors: (_error: unknown, _request: unknown, reply: any) =>
          reply.code(421).send({ own: true }),
      });
      const port = await listen(created);
      for (const path of ['/text', '/%zz', '/file'])
        expect(idsOf(await call({ port }, { path }))).toEqual(BOTH);
      expect(seen).toEqual([200, 421, 200]);
    });
  });

  it('routes, hooks and error handlers find the ids among the headers', async () => {
    expect(JSON.parse((await call(app, { path: '/route' })).text)).toEqual(LOOKED);
    await call(app, { path: '/plugin/once' });
    expect(seen).toEqual([LOOKED]);
    hooks.onSend = (_request, reply) => void seen.push(look(reply));
    hooks.onResponse = (_request, reply) => void seen.push(look(reply));
    await call(app, { path: '/text' });
    await call(app, { path: '/nowhere' });
    await until('both hooks ran twice', () => seen.length === 5);
    expect(seen).toEqual([LOOKED, LOOKED, LOOKED, LOOKED, LOOKED]);
  });

  it.each(['/text', '/json', '/nowhere', '/broken', '/moved', '/empty', '/file', '/plugin/once'])(
    'what onSend sets wins, what it removes is gone: %s',
    async (path) => {
      hooks.onSend = (_request, reply) => void reply.header('X-Request-Id', 'own');
      expect(idsOf(await call(app, { path }))).toEqual(OWN_REQUEST_ID);
      hooks.onSend = (_request, reply) =>
        void reply.removeHeader('x-request-id').removeHeader('X-Correlation-Id');
      expect(idsOf(await call(app, { path }))).toEqual({ request: [], correlation: [] });
    },
  );

  it.each<[string, Act]>([
    ['header', (reply) => reply.header('x-request-id', 'own').send('a')],
    ['headers', (reply) => reply.headers({ 'X-Request-ID': 'own', 'x-a': 'a' }).send('a')],
    ['header, before a stream', (reply) => reply.header('X-Request-ID', 'own').send(Readable.from(['a']))],
    [
      'header, after it removed one',
      (reply) => reply.removeHeader('x-request-id').header('x-request-id', 'own').send('a'),
    ],
    [
      'header, after setHeader of Node',
      (reply, raw) => {
        raw.setHeader('x-request-id', 'other');
        reply.header('x-request-id', 'own').send('a');
      },
    ],
    [
      'hijack and writeHead',
      (reply) => void reply.hijack().raw.writeHead(200, { 'X-Request-Id': 'own' }).end(),
    ],
    [
      'a Response of the web',
      (reply) => reply.send(new Response('a', { headers: { 'X-Request-Id': 'own' } })),
    ],
    [
      'setHeader of Node, before a stream',
      (reply, raw) => {
        raw.setHeader('x-request-id', 'own');
        reply.send(Readable.from(['a']));
      },
    ],
    [
      'setHeader of Node, before a stream of the web',
      (reply, raw) => {
        raw.setHeader('x-request-id', 'own');
        reply.send(new Blob(['a']).stream());
      },
    ],
  ])('what an application sets itself wins: %s', async (_, answering) => {
    act = answering;
    expect(idsOf(await call(app, { path: '/act' }))).toEqual(OWN_REQUEST_ID);
  });

  let port: number;
  let injected: INestApplication;
  beforeAll(async () => {
    port = await listen(await startFastify({ http2: true }));
    injected = await startFastify({});
    await ready(injected);
  });

  describe.each<[string, (path: string) => Promise<OtherAnswer>]>([
    ['over HTTP/2', (path) => overHttp2(port, path)],
    ['by inject()', (path) => overInject(injected, path)],
  ])('%s', (way, send) => {
    it.each<[string, number, Act?]>([
      ['/text', 200],
      ['/json', 200],
      ['/nothing', 200],
      ['/nowhere', 404],
      // What the router itself refuses is not seen where no server sees it.
      ...(way === 'over HTTP/2' ? [['/%zz', 400] as [string, number]] : []),
      ['/refused', 403],
      ['/broken', 500],
      ['/filtered', 418],
      ['/moved', 301],
      ['/empty', 204],
      ['/file', 200],
      ['/events', 200],
      ['/act', 200, (reply) => reply.send('a')],
      ['/act', 200, byNode((raw) => raw.end('a'))],
      ['/act', 201, (reply) => void reply.hijack().raw.writeHead(201, { 'x-a': 'a' }).end('a')],
    ])('both ids are there once: %s %i', async (path, status, answering = () => {}) => {
      act = answering;
      expect(await send(path)).toEqual({ status, ids: ['r-1', 'c-1'] });
    });

    it('both ids are there once: middleware that answers', async () => {
      middleware = (_request, response) => void Object.assign(response, { statusCode: 401 }).end();
      expect(await send('/text')).toEqual({ status: 401, ids: ['r-1', 'c-1'] });
    });

    it.each<[string, Act]>([
      ['header', (reply) => reply.header('X-Request-Id', 'own').send('a')],
      [
        'setHeader of Node',
        (reply, raw) => {
          raw.setHeader('x-request-id', 'own');
          reply.send('a');
        },
      ],
      ['writeHead', byNode((raw) => raw.writeHead(200, { 'X-Request-Id': 'own' }).end('a'))],
      [
        'writeHead with all headers that the reply has',
        (reply, raw) => void raw.writeHead(200, { ...reply.getHeaders(), 'X-Request-Id': 'own' }).end('a'),
      ],
    ])('what an application sets itself wins: %s', async (_, answering) => {
      act = answering;
      expect(await send('/act')).toEqual({ status: 200, ids: ['own', 'c-1'] });
    });

    it('handlers, interceptors and filters find the ids among the headers', async () => {
      await send('/filtered');
      expect(seen).toEqual([LOOKED, LOOKED, LOOKED, LOOKED]);
    });

    it('what is removed is gone', async () => {
      act = (reply) => reply.removeHeader('x-request-id').send('removed');
      expect(await send('/act')).toEqual({ status: 200, ids: [undefined, 'c-1'] });
    });
  });
});
