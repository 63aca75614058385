import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { setImmediate as macrotask, setTimeout as wait } from 'node:timers/promises';
import { configure as serverlessExpress } from '@codegenie/serverless-express';
import awsLambdaFastify from '@fastify/aws-lambda';
import {
  Body,
  Controller,
  Get,
  HttpCode,
  type INestApplication,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  NotFoundException,
  Post,
  StreamableFile,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import type { Context as LambdaContext } from 'aws-lambda';
import { ClsServiceManager } from 'nestjs-cls';
import {
  ContextModule,
  ContextVar,
  currentUnit,
  RequestContext,
  type RequestEnd,
  runUnitOfWork,
  type UnitOfWork,
} from 'nestjs-contextvars';
import { type AdapterName, createApp, ready } from './support/adapters.js';
import { Gate } from './support/gate.js';
import type { Answer, Sent } from './support/http-client.js';
import { RecordingLogger } from './support/recording-logger.js';
import { sightings, tenant, tenantOf } from './support/sightings.js';
import { SeeingGuard, SeeingInterceptor } from './support/stages.module.js';
import { UnitLog } from './support/unit-log.js';
import { until } from './support/until.js';
import { UUID } from './support/uuid.js';

// The adapters with which an application runs as a function of AWS Lambda, on events as its gateways send them.

const CHUNK = 'x'.repeat(64 * 1024);
const CHUNKS = 8;
const AT_ONCE = 20;

interface LambdaAnswer {
  readonly statusCode: number;
  readonly headers?: Record<string, string>;
  readonly multiValueHeaders?: Record<string, string[]>;
  readonly body: string;
  readonly isBase64Encoded?: boolean;
}

type LambdaFunction = (event: object, context: LambdaContext) => Promise<LambdaAnswer>;

interface Gateway {
  readonly name: string;
  /** The id that it gives to a request. */
  readonly ownId: string | undefined;
  event(sent: Sent): object;
}

const listsOf = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));

const bodyOf = (body: string | undefined) =>
  body === undefined
    ? { body: null, isBase64Encoded: false }
    : { body: Buffer.from(body).toString('base64'), isBase64Encoded: true };

const gateways: readonly Gateway[] = [
  {
    name: 'API Gateway v1',
    ownId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
    event: ({ path, method = 'GET', headers = {}, body }) => ({
      resource: '/{proxy+}',
      path,
      httpMethod: method,
      headers,
      multiValueHeaders: listsOf(headers),
      queryStringParameters: null,
      multiValueQueryStringParameters: null,
      pathParameters: { proxy: path.slice(1) },
      requestContext: {
        requestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
        stage: 'prod',
        resourcePath: '/{proxy+}',
        httpMethod: method,
        path: `/prod${path}`,
        identity: { sourceIp: '127.0.0.1' },
      },
      ...bodyOf(body),
    }),
  },
  {
    name: 'API Gateway v2',
    ownId: 'JKJaXmPLvHcESHA=',
    event: ({ path, method = 'GET', headers = {}, body }) => ({
      version: '2.0',
      routeKey: '$default',
      rawPath: path,
      rawQueryString: '',
      headers,
      requestContext: {
        requestId: 'JKJaXmPLvHcESHA=',
        stage: '$default',
        http: { method, path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
      },
      ...bodyOf(body),
    }),
  },
  {
    name: 'a load balancer',
    ownId: undefined,
    event: ({ path, method = 'GET', headers = {}, body }) => ({
      path,
      httpMethod: method,
      headers,
      queryStringParameters: {},
      requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/a/1' } },
      ...bodyOf(body),
      body: body === undefined ? '' : bodyOf(body).body,
    }),
  },
];

const packages: Readonly<Record<AdapterName, string>> = {
  Fastify: '@fastify/aws-lambda',
  Express: '@codegenie/serverless-express',
};

/** To be made before the application is ready: it adds to Fastify's requests. */
function lambdaOf(app: INestApplication, adapter: AdapterName): LambdaFunction {
  const instance = app.getHttpAdapter().getInstance();
  if (adapter === 'Fastify') return awsLambdaFastify(instance);
  // Without a callback, which its types insist on, it gives a promise.
  return serverlessExpress({ app: instance }) as unknown as LambdaFunction;
}

const lambdaContext = { awsRequestId: 'invocation-1', functionName: 'desk' } as LambdaContext;

const trace = new ContextVar<string>('trace');

interface End extends Omit<RequestEnd, 'durationMs'> {
  readonly id: string;
}

let setups: string[];
let ends: End[];
let inherited: unknown[];
let invocation: unknown;
let captured: UnitOfWork | undefined;
let arrived: number;
let everyone: Gate;
let goOn: Gate;

function setUp(context: RequestContext, request: IncomingMessage): void {
  invocation = (context.request as { awsLambda?: { context: unknown } }).awsLambda?.context;
  inherited.push([trace.get('nothing'), ClsServiceManager.getClsService().get('left') ?? 'nothing']);
  setups.push(context.id);
  if (request.headers['x-setup'] === 'fails') throw new Error('no directory');
  tenant.set(String(request.headers['x-tenant']));
  sightings.see('setup');
}

function onEnd(context: RequestContext, { outcome, status, error }: RequestEnd): void {
  sightings.see('onEnd');
  ends.push({ id: context.id, outcome, status, error });
}

@Controller()
@UseGuards(new SeeingGuard('guard'))
@UseInterceptors(new SeeingInterceptor('controller'))
class DeskController {
  constructor(private readonly context: RequestContext) {}

  @Get('ids')
  ids(): { id: string; correlationId: string; unit: string | undefined } {
    return { id: this.context.id, correlationId: this.context.correlationId, unit: currentUnit()?.id };
  }

  @Get('left-running')
  leftRunning(): string {
    sightings.see('handler');
    captured = currentUnit();
    const { signal } = captured!;
    void (async () => {
      await once(signal, 'abort');
      sightings.see('a promise after the end');
    })();
    setTimeout(() => sightings.see('a timer that was left running'), 1);
    return 'done';
  }

  @Get('meeting')
  async meeting(): Promise<string[]> {
    const seen: string[] = [];
    const read = () => seen.push(this.context.id, tenant.get(), currentUnit()!.id, trace.get('nothing'));
    read();
    arrived += 1;
    if (arrived === AT_ONCE) everyone.open();
    await everyone.passed;
    trace.set(this.context.id);
    await macrotask();
    read();
    await wait(1);
    read();
    return seen;
  }

  /** Leaves everything behind that a request can leave behind. */
  @Get('leave')
  leave(): string {
    captured = currentUnit();
    trace.set('left');
    ClsServiceManager.getClsService().set('left', 'left');
    setTimeout(() => trace.set('left late'), 1);
    return 'done';
  }

  @Get('missing')
  missing(): never {
    throw new NotFoundException('no such order');
  }

  @Get('boom')
  async boom(): Promise<never> {
    await macrotask();
    throw new Error('boom');
  }

  @Post('body')
  @HttpCode(200)
  body(@Body() body: { text: string }): string {
    sightings.see('handler');
    return body.text;
  }

  @Get('file')
  file(): StreamableFile {
    captured = currentUnit();
    const chunks = async function* () {
      for (let i = 0; i < CHUNKS; i++) {
        sightings.see('stream');
        yield Buffer.from(CHUNK);
        await macrotask();
      }
      sightings.see('stream, at its end');
    };
    return new StreamableFile(Readable.from(chunks()));
  }

  @Get('held-file')
  heldFile(): StreamableFile {
    captured = currentUnit();
    const chunks = async function* () {
      yield Buffer.from('first ');
      await goOn.passed;
      sightings.see('stream');
      yield Buffer.from('last');
    };
    return new StreamableFile(Readable.from(chunks()));
  }

  @Get('broken-file')
  brokenFile(): StreamableFile {
    captured = currentUnit();
    const chunks = async function* () {
      yield Buffer.from('first ');
      await macrotask();
      throw new Error('the disk is gone');
    };
    return new StreamableFile(Readable.from(chunks())).setErrorLogger(() => {});
  }
}

@Module({ imports: [ContextModule.forRoot({ setup: setUp, onEnd })], controllers: [DeskController] })
class AppModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply((_request: unknown, _response: unknown, next: () => void) => {
        sightings.see('middleware');
        next();
      })
      .forRoutes('{*path}');
  }
}

beforeEach(() => {
  setups = [];
  ends = [];
  inherited = [];
  invocation = undefined;
  captured = undefined;
  arrived = 0;
  everyone = new Gate();
  goOn = new Gate();
  sightings.clear();
});

/** Whatever else there is to be reported has been reported. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await macrotask();
}

async function endsOf(count: number): Promise<End[]> {
  await until(`${count} ends were reported`, () => ends.length >= count);
  await settle();
  return ends;
}

const table = (Object.keys(packages) as AdapterName[]).flatMap((adapter) =>
  gateways.map((gateway) => ({ adapter, gateway, name: gateway.name, by: packages[adapter] })),
);

describe.each(table)('on $adapter by $by, called by $name', ({ adapter, gateway }) => {
  const units = new UnitLog();
  let app: INestApplication;
  let logger: RecordingLogger;
  let lambda: LambdaFunction;

  beforeAll(async () => {
    logger = new RecordingLogger();
    app = await createApp(adapter, AppModule, logger);
    lambda = lambdaOf(app, adapter);
    await ready(app);
  });

  afterAll(async () => {
    units.stop();
    await app.close();
  });

  beforeEach(() => {
    units.clear();
    logger.errors.length = 0;
  });

  // An answer is there before its request has ended.
  afterEach(() => until('all have ended', () => units.ended.length >= units.started.length));

  async function invoke(sent: Sent): Promise<Answer> {
    const answer = await lambda(gateway.event(sent), lambdaContext);
    const lists = Object.entries(answer.multiValueHeaders ?? {}).map(([name, values]) => [name, values[0]]);
    return {
      status: answer.statusCode,
      headers: { ...Object.fromEntries(lists), ...answer.headers },
      text: Buffer.from(answer.body, answer.isBase64Encoded ? 'base64' : 'utf8').toString(),
    };
  }

  const get = (path: string, id: string, headers: Record<string, string> = {}) =>
    invoke({ path, headers: { 'x-request-id': id, 'x-tenant': tenantOf(id), ...headers } });

  test('the ids of the caller are kept and answered', async () => {
    const { status, headers, text } = await get('/ids', 'r-1', { 'x-correlation-id': 'c-1' });
    expect({ status, text: JSON.parse(text) }).toEqual({
      status: 200,
      text: { id: 'r-1', correlationId: 'c-1', unit: 'r-1' },
    });
    expect(headers).toMatchObject({ 'x-request-id': 'r-1', 'x-correlation-id': 'c-1' });
  });

  test('a request without an id gets a UUID, or the id of the gateway where the adapter hands it on', async () => {
    const answers = [await invoke({ path: '/ids' }), await invoke({ path: '/ids' })];
    const handedOn = adapter === 'Fastify' && gateway.name === 'API Gateway v1';
    for (const { headers, text } of answers) {
      const { id, correlationId, unit } = JSON.parse(text);
      if (handedOn) expect(id).toBe(gateway.ownId);
      else expect(id).toMatch(UUID);
      expect([correlationId, unit]).toEqual([id, id]);
      expect(headers).toMatchObject({ 'x-request-id': id, 'x-correlation-id': id });
    }
    if (!handedOn) expect(JSON.parse(answers[0]!.text).id).not.toBe(JSON.parse(answers[1]!.text).id);
  });

  test('each stage, and what the handler leaves running, sees the context of its request', async () => {
    expect(await get('/left-running', 'r-1')).toMatchObject({ status: 200, text: 'done' });
    const stages = [
      'setup',
      'middleware',
      'guard',
      'interceptor of the controller, before',
      'handler',
      'interceptor of the controller, after',
      'onEnd',
      'a promise after the end',
      'a timer that was left running',
    ];
    for (const stage of stages) await sightings.waitFor(stage, 'r-1');
    expect(sightings.strays()).toEqual([]);
    expect(setups).toEqual(['r-1']);
    expect(captured?.ended).toBe(true);
    expect(units.times('r-1')).toEqual({ started: 1, ended: 1 });
  });

  test('a body is read in the context of its request', async () => {
    const headers = {
      'x-request-id': 'r-1',
      'x-tenant': tenantOf('r-1'),
      'content-type': 'application/json',
    };
    const { status, text } = await invoke({
      path: '/body',
      method: 'POST',
      headers,
      body: '{"text":"caf\u00e9"}',
    });
    expect({ status, text }).toEqual({ status: 200, text: 'caf\u00e9' });
    expect(await endsOf(1)).toEqual([{ id: 'r-1', outcome: 'completed', status: 200, error: undefined }]);
    expect(sightings.stages('r-1')).toContain('handler');
    expect(sightings.strays()).toEqual([]);
  });

  test(`of ${AT_ONCE} that overlap, each sees its own, and ends once`, async () => {
    const ids = Array.from({ length: AT_ONCE }, (_, n) => `r-${n}`);
    const answers = await Promise.all(ids.map((id) => get('/meeting', id)));
    expect(answers.map(({ headers }) => headers['x-request-id'])).toEqual(ids);
    const first = (id: string) => [id, tenantOf(id), id, 'nothing'];
    const later = (id: string) => [id, tenantOf(id), id, id];
    expect(answers.map(({ text }) => JSON.parse(text))).toEqual(
      ids.map((id) => [...first(id), ...later(id), ...later(id)]),
    );
    await endsOf(AT_ONCE);
    expect(ends.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    expect(setups.toSorted()).toEqual(ids.toSorted());
  });

  const outcomes: { what: string; path: string; headers?: Record<string, string>; end: Omit<End, 'id'> }[] = [
    {
      what: 'a handler that returns',
      path: '/ids',
      end: { outcome: 'completed', status: 200, error: undefined },
    },
    {
      what: 'a handler that throws an HttpException',
      path: '/missing',
      end: { outcome: 'failed', status: 404, error: new NotFoundException('no such order') },
    },
    {
      what: 'a handler that throws an Error',
      path: '/boom',
      end: { outcome: 'failed', status: 500, error: new Error('boom') },
    },
    {
      what: 'a set-up that throws',
      path: '/ids',
      headers: { 'x-setup': 'fails' },
      end: { outcome: 'failed', status: 500, error: new Error('no directory') },
    },
    {
      what: 'a route that does not exist',
      path: '/unknown',
      end: { outcome: 'completed', status: 404, error: undefined },
    },
  ];

  test.each(outcomes)('$what: answered with $end.status, and reported once as $end.outcome', async (row) => {
    const { status, headers, text } = await get(row.path, 'r-1', row.headers);
    expect(status).toBe(row.end.status);
    expect(headers['x-request-id']).toBe('r-1');
    if (status !== 200) expect(JSON.parse(text)).toMatchObject({ statusCode: status });
    expect(logger.errors).toHaveLength(status === 500 ? 1 : 0);
    expect(await endsOf(1)).toEqual([{ id: 'r-1', ...row.end }]);
    expect(units.times('r-1')).toEqual({ started: 1, ended: 1 });
    expect((await get('/ids', 'r-2')).status).toBe(200);
  });

  test('the next invocation sees nothing of the one before, nor does who calls', async () => {
    await get('/leave', 'r-1');
    expect([currentUnit(), trace.get('nothing')]).toEqual([undefined, 'nothing']);
    const first = captured;
    await get('/leave', 'r-2');
    await until('the first has ended', () => first?.ended === true);
    await wait(5);
    await get('/leave', 'r-3');
    expect(inherited).toEqual(Array(3).fill(['nothing', 'nothing']));
    expect(captured).not.toBe(first);
    await endsOf(3);
    expect(first).toMatchObject({ id: 'r-1', kind: 'http', ended: true });
    expect(captured).toMatchObject({ id: 'r-3', kind: 'http', ended: true });
    expect(ClsServiceManager.getClsService().isActive()).toBe(false);
  });

  test('one in a unit of work of the function: the request starts empty, and leaves nothing there', async () => {
    await runUnitOfWork({ kind: 'function' }, async () => {
      trace.set('of the function');
      expect(JSON.parse((await get('/ids', 'r-1')).text).unit).toBe('r-1');
      await get('/leave', 'r-2');
      expect([currentUnit()?.kind, trace.get()]).toEqual(['function', 'of the function']);
      await endsOf(2);
    });
    expect(inherited).toEqual(Array(2).fill(['nothing', 'nothing']));
  });

  test('a streamed answer is read in the context of its request, which then ends once', async () => {
    const { status, text } = await get('/file', 'r-1');
    expect({ status, length: text.length }).toEqual({ status: 200, length: CHUNK.length * CHUNKS });
    expect(await endsOf(1)).toEqual([{ id: 'r-1', outcome: 'completed', status: 200, error: undefined }]);
    expect(sightings.stages('r-1')).toEqual(expect.arrayContaining(['stream', 'stream, at its end']));
    expect(sightings.strays()).toEqual([]);
    expect(captured?.ended).toBe(true);
    expect(units.times('r-1')).toEqual({ started: 1, ended: 1 });
  });

  test('a streamed answer that is not over has not ended its request', async () => {
    const answer = get('/held-file', 'r-1');
    await until('the handler has begun', () => captured !== undefined);
    await settle();
    expect([captured?.ended, ends]).toEqual([false, []]);
    goOn.open();
    expect((await answer).text).toBe('first last');
    expect(await endsOf(1)).toEqual([{ id: 'r-1', outcome: 'completed', status: 200, error: undefined }]);
    expect(captured?.ended).toBe(true);
  });
});

describe('on Fastify by @fastify/aws-lambda, with an answer that Lambda streams', () => {
  const [gateway] = gateways;
  let app: INestApplication;
  let stream: (path: string) => Promise<{ meta: { statusCode: number }; stream: Readable }>;

  beforeAll(async () => {
    app = await createApp('Fastify', AppModule);
    const lambda = awsLambdaFastify(app.getHttpAdapter().getInstance(), { payloadAsStream: true });
    const headers = { 'x-request-id': 'r-1', 'x-tenant': tenantOf('r-1') };
    stream = (path) => lambda(gateway!.event({ path, headers }), lambdaContext);
    await ready(app);
  });

  afterAll(() => app.close());

  test('the request goes on when the answer has begun, and ends once when that is over', async () => {
    const answer = await stream('/held-file');
    expect(answer.meta).toMatchObject({ statusCode: 200, headers: { 'x-request-id': 'r-1' } });
    await settle();
    expect([captured?.ended, ends]).toEqual([false, []]);
    goOn.open();
    expect(Buffer.concat(await answer.stream.toArray()).toString()).toBe('first last');
    expect(await endsOf(1)).toEqual([{ id: 'r-1', outcome: 'completed', status: 200, error: undefined }]);
    expect(sightings.stages('r-1')).toContain('stream');
    expect(sightings.strays()).toEqual([]);
    expect(captured?.ended).toBe(true);
  });

  test('a stream that breaks off: reported once as aborted', async () => {
    const answer = await stream('/broken-file');
    await expect(answer.stream.toArray()).rejects.toThrow();
    expect(await endsOf(1)).toEqual([{ id: 'r-1', outcome: 'aborted', status: undefined, error: undefined }]);
    expect(captured?.ended).toBe(true);
  });

  test('the set-up gets at the invocation by the request that it is given', async () => {
    await (await stream('/ids')).stream.toArray();
    expect(invocation).toBe(lambdaContext);
    await endsOf(1);
  });
});
