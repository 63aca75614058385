import { type AdapterName, adapters } from './support/adapters.js';
import type { Sent } from './support/http-client.js';
import { RawConnection, requestText } from './support/raw-connection.js';
import { sightings, tenantOf } from './support/sightings.js';
import { createStagesApp, type Routing, routings } from './support/stages.app.js';
import { UnitLog } from './support/unit-log.js';
import { type OpenWay, waysIn } from './support/ways-in.js';

// Every stage of a request, on whatever way it came in, is in the one unit of work of its request. Two
// requests are always under way at once, so that a stage which reads the other one's context is found too.

const json = { 'content-type': 'application/json' };

/** What comes before a handler, whichever it is. */
const BEFORE_GUARDS = ['setup', 'middleware of the application', 'middleware of the root module'];
const GUARDS = ['guard of the application', 'guard of the root module', 'guard of the controller'];
const BEFORE = [
  ...BEFORE_GUARDS,
  'middleware of a feature module',
  ...GUARDS,
  'interceptor of the application, before',
  'interceptor of the root module, before',
  'interceptor of the controller, before',
];
const AFTER = [
  'interceptor of the controller, after',
  'interceptor of the root module, after',
  'interceptor of the application, after',
  'interceptor of the application, finally',
];
const ON_ERROR = [
  'interceptor of the controller, on error',
  'interceptor of the root module, on error',
  'interceptor of the application, on error',
  'exception filter',
];
const PARAMETER = ['parameter decorator', 'pipe of the root module'];

interface Scenario extends Omit<Sent, 'path'> {
  readonly title: string;
  readonly path: string;
  readonly status: number;
  readonly stages: readonly string[];
}

const scenarios: readonly Scenario[] = [
  {
    title: 'a handler that returns',
    path: '/stages/sync',
    status: 200,
    stages: [...BEFORE, ...PARAMETER, 'handler', ...AFTER],
  },
  {
    title: 'an asynchronous handler',
    path: '/stages/async',
    status: 200,
    stages: [...BEFORE, ...PARAMETER, 'handler', 'handler after an await', ...AFTER],
  },
  {
    title: 'a handler that returns an Observable',
    path: '/stages/observable',
    status: 200,
    stages: [
      ...BEFORE,
      'handler',
      'Observable, subscribed',
      'Observable, value',
      'Observable, torn down',
      ...AFTER,
    ],
  },
  {
    title: 'a handler with pipes',
    path: '/stages/piped/7?q=1',
    status: 200,
    stages: [...BEFORE, 'pipe of the root module', 'pipe of the parameter', 'handler', ...AFTER],
  },
  {
    title: 'what a handler leaves running',
    path: '/stages/left-running',
    status: 200,
    stages: [
      ...BEFORE,
      ...AFTER,
      'setImmediate that was left running',
      'a timer that was left running',
      'setImmediate at the end',
      'a promise after the end of the request',
      'a promise that was left running',
    ],
  },
  {
    title: 'a stream that is read',
    path: '/stages/file',
    status: 200,
    stages: [...BEFORE, ...AFTER, 'stream, read', 'stream, destroyed'],
  },
  {
    title: 'a stream made of an async generator',
    path: '/stages/generated-file',
    status: 200,
    stages: [...BEFORE, 'generator of a stream', 'generator of a stream, at its end'],
  },
  {
    title: 'server-sent events',
    path: '/stages/events',
    status: 200,
    stages: [...BEFORE, ...PARAMETER, 'handler', 'event source', 'event source, complete'],
  },
  {
    title: 'a handler with a body',
    path: '/stages/body',
    method: 'POST',
    headers: json,
    body: '{"text":"hello"}',
    status: 201,
    stages: [...BEFORE, 'end of the body', 'pipe of the root module', 'handler', ...AFTER],
  },
  {
    title: 'the exception filter of an unknown route',
    path: '/stages/unknown',
    status: 404,
    stages: [...BEFORE_GUARDS, 'exception filter'],
  },
  {
    title: 'the exception filter of a body that cannot be parsed',
    path: '/stages/body',
    method: 'POST',
    headers: json,
    body: '{"text":"hel',
    status: 400,
    stages: ['setup', 'middleware of the application', 'exception filter'],
  },
  ...['guard of the application', 'guard of the root module', 'guard of the controller'].map((stage) => ({
    title: `the exception filter where a ${stage} throws`,
    path: `/stages/sync?fail=${encodeURIComponent(stage)}`,
    status: 401,
    stages: [...BEFORE_GUARDS, stage, 'exception filter'],
  })),
  {
    title: 'the exception filter where a pipe throws',
    path: '/stages/piped/seven',
    status: 400,
    stages: [...BEFORE, 'pipe of the parameter', ...ON_ERROR],
  },
  {
    title: 'the exception filter where a handler throws',
    path: '/stages/throws',
    status: 400,
    stages: [...BEFORE, 'handler', ...ON_ERROR],
  },
  {
    title: 'the exception filter where a handler rejects',
    path: '/stages/rejects',
    status: 500,
    stages: [...BEFORE, 'handler', ...ON_ERROR],
  },
];

/** What is only there where a socket carries the response, or where the framework has it. */
function furtherStages(adapter: AdapterName, socket: boolean, { status, path }: Scenario): string[] {
  const parsed = !(status === 400 && path === '/stages/body');
  return [
    ...(socket && parsed ? ['close of the response', 'close of the request'] : []),
    ...(adapter === 'Fastify' ? ['Fastify hook onRequest', 'Fastify hook onResponse'] : []),
    // Nest writes server-sent events to Node's response.
    ...(adapter === 'Fastify' && !path.endsWith('/events') ? ['Fastify hook onSend'] : []),
    // Fastify has matched no route of Nest's where it parses no body.
    ...(adapter === 'Fastify' && parsed ? ['Fastify hook preHandler'] : []),
  ];
}

const units = new UnitLog();
let requests = 0;

function nextPair() {
  requests += 1;
  return [`a-${requests}`, `b-${requests}`].map((id) => ({ id, tenant: tenantOf(id) }));
}

afterAll(() => units.stop());

const table = adapters.flatMap((adapter) =>
  Object.entries(routings).flatMap(([routing, prefix]) =>
    waysIn
      .filter((way) => way.adapters.includes(adapter))
      .map((way) => ({ adapter, routing: routing as Routing, prefix, way, name: way.name })),
  ),
);

describe.each(table.filter(({ way }) => way.possible))(
  'on $adapter with $routing through $name',
  ({ adapter, routing, prefix, way }) => {
    let opened: OpenWay;
    let close: () => Promise<void>;

    beforeAll(async () => {
      const app = await createStagesApp(adapter, routing);
      opened = await way.open(app, adapter);
      close = async () => {
        await opened.close?.();
        await app.close();
      };
    });

    afterAll(() => close());

    beforeEach(() => {
      sightings.clear();
      units.clear();
    });

    test.each(scenarios)('$title: each stage sees the context of its request', async (scenario) => {
      const pair = nextPair();
      const answers = await Promise.all(
        pair.map(({ id, tenant }) =>
          opened.send({
            path: `${prefix}${scenario.path}`,
            method: scenario.method,
            body: scenario.body,
            headers: { ...scenario.headers, 'x-request-id': id, 'x-tenant': tenant },
          }),
        ),
      );
      expect(answers.map(({ status }) => status)).toEqual([scenario.status, scenario.status]);
      expect(answers.map(({ headers }) => headers['x-request-id'])).toEqual(pair.map(({ id }) => id));
      const stages = [...scenario.stages, ...furtherStages(adapter, opened.port !== undefined, scenario)];
      for (const { id } of pair) {
        for (const stage of stages) await sightings.waitFor(stage, id);
        if (sightings.stages(id).includes('middleware of the root module'))
          await sightings.waitFor('finish of the response', id);
      }
      expect(sightings.strays()).toEqual([]);
      await units.haveEnded(pair.map(({ id }) => id));
      for (const { id } of pair) expect(units.times(id)).toEqual({ started: 1, ended: 1 });
    });

    test('a body that arrives in two packets: each stage sees the context of its request', async () => {
      const { port, host } = opened;
      // Only a socket has packets; the other ways in give a body as a whole.
      if (port === undefined) return expect(way.name).toMatch(/supertest|inject|without any server/);
      const pair = nextPair();
      const connections = await Promise.all(pair.map(() => RawConnection.open(port, host)));
      const halves = pair.map(({ id, tenant }) => {
        const headers = { ...json, 'x-request-id': id, 'x-tenant': tenant, connection: 'close' };
        const text = requestText('POST', `${prefix}/stages/body`, headers, '{"text":"in two packets"}');
        return [text.slice(0, -12), text.slice(-12)];
      });
      connections.forEach((connection, i) => void connection.write(halves[i]![0]!));
      for (const { id } of pair) await sightings.waitFor('middleware of the application', id);
      expect(sightings.stages(pair[0]!.id)).not.toContain('handler');
      connections.forEach((connection, i) => void connection.write(halves[i]![1]!));
      for (const connection of connections) await connection.receive('in two packets');
      for (const { id } of pair)
        for (const stage of [...BEFORE, 'end of the body', 'handler', ...AFTER, 'close of the response'])
          await sightings.waitFor(stage, id);
      expect(sightings.strays()).toEqual([]);
      await units.haveEnded(pair.map(({ id }) => id));
      for (const { id } of pair) expect(units.times(id)).toEqual({ started: 1, ended: 1 });
      for (const connection of connections) await connection.leave();
    });
  },
);

const impossible = table.filter(({ way }) => !way.possible);
if (impossible.length > 0) test.skip.each(impossible)('on $adapter with $routing through $name', () => {});
