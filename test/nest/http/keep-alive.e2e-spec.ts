import { Agent, type IncomingMessage } from 'node:http';
import { setImmediate as macrotask, setTimeout as wait } from 'node:timers/promises';
import { Body, Controller, Get, type INestApplication, Module, Post } from '@nestjs/common';
import { ClsService, ClsServiceManager } from 'nestjs-cls';
import {
  Context,
  ContextModule,
  ContextVar,
  currentUnit,
  gather,
  RequestContext,
  runUnitOfWork,
  withTempContext,
} from 'nestjs-contextvars';
import { adapters, createApp, listen, ready } from './support/adapters.js';
import { send } from './support/http-client.js';
import { RawConnection, requestText } from './support/raw-connection.js';
import { seededRandom } from './support/seeded-random.js';
import { until } from './support/until.js';

// No request sees anything of another one: not of the one before on its connection, not of those beside it,
// not of what the server was started in.

const trace = new ContextVar<string>('trace');
const boot = new ContextVar<string>('boot');
const caller = new ContextVar<string>('caller');
const branch = new ContextVar<string>('branch');

interface Entry {
  readonly where: string;
  readonly id: string | undefined;
  readonly unit: string | undefined;
  readonly left: readonly unknown[];
}

const entries: Entry[] = [];

/** What is there where a request comes in. */
function enter(where: string, request: IncomingMessage): void {
  const cls = ClsServiceManager.getClsService();
  entries.push({
    where,
    id: String(request.headers['x-request-id']),
    unit: currentUnit()?.id,
    left: [trace.get('nothing'), boot.get('nothing'), cls.get('left') ?? 'nothing'],
  });
}

@Controller()
class TraceController {
  constructor(private readonly context: RequestContext) {}

  /** Leaves everything behind that a request can leave behind. */
  @Post('leave')
  async leave(@Body() body: { text: string }): Promise<string> {
    trace.set(body.text);
    ClsServiceManager.getClsService().set('left', body.text);
    await macrotask();
    setTimeout(() => trace.set(`${body.text}, late`), 1);
    return `left by ${this.context.id}`;
  }

  /** What only an application would do: nestjs-cls's own guard does it. */
  @Post('enter-with')
  enterWith(@Body() body: { text: string }): string {
    ClsServiceManager.getClsService().enterWith({ left: body.text } as never);
    return `left by ${this.context.id}`;
  }

  @Get('overlap')
  async overlap(): Promise<{ seen: string[]; id: string }> {
    const seen: string[] = [];
    const read = () => seen.push(caller.get('nobody'), this.context.id, currentUnit()?.id ?? 'no unit');
    read();
    await macrotask();
    read();
    await gather([
      async () => {
        branch.set(caller.get());
        await wait(1);
        seen.push(branch.get());
      },
      async () => {
        await macrotask();
        read();
      },
    ]);
    await withTempContext([branch.as(caller.get())], async () => {
      await macrotask();
      seen.push(branch.get());
    });
    await new Promise<void>((resolve) => setImmediate(() => resolve(void read())));
    return { seen, id: this.context.id };
  }
}

@Module({
  imports: [
    ContextModule.forRoot({
      setup: (_context, request) => {
        enter('setup', request);
        caller.set(String(request.headers['x-caller']));
      },
    }),
  ],
  controllers: [TraceController],
})
class AppModule {}

describe.each(adapters)('on %s', (adapter) => {
  let app: INestApplication;

  beforeEach(async () => {
    entries.length = 0;
    app = await createApp(adapter, AppModule);
    app.use((request: IncomingMessage, _response: unknown, next: () => void) => {
      enter('middleware', request);
      next();
    });
  });

  afterEach(() => app.close());

  function expectEmptyEntries(ids: readonly string[]): void {
    const expected = ids.flatMap((id) =>
      ['setup', 'middleware'].map((where) => ({
        where,
        id,
        unit: id,
        left: ['nothing', 'nothing', 'nothing'],
      })),
    );
    const order = (entry: Entry) => `${entry.id} ${entry.where}`;
    const sorted = (all: readonly Entry[]) => all.toSorted((a, b) => order(a).localeCompare(order(b)));
    expect(sorted(entries)).toEqual(sorted(expected));
  }

  const ids = ['r-1', 'r-2', 'r-3'];
  const textOf = (path: string, id: string) =>
    requestText(
      'POST',
      path,
      { 'x-request-id': id, 'content-type': 'application/json' },
      `{"text":"left by ${id}"}`,
    );

  describe.each(['/leave', '/enter-with'])('three requests on one connection to %s', (path) => {
    test('one after the other: none sees anything of the one before', async () => {
      const client = await RawConnection.open(await listen(app));
      for (const id of ids) {
        client.write(textOf(path, id));
        await client.receive(`left by ${id}`);
      }
      expectEmptyEntries(ids);
      await client.leave();
    });

    test('pipelined: none sees anything of the one before', async () => {
      const client = await RawConnection.open(await listen(app));
      client.write(ids.map((id) => textOf(path, id)).join(''));
      for (const id of ids) await client.receive(`left by ${id}`);
      expectEmptyEntries(ids);
      await client.leave();
    });

    test('each with its body in two packets: none sees anything of the one before', async () => {
      const client = await RawConnection.open(await listen(app));
      for (const id of ids) {
        const text = textOf(path, id);
        client.write(text.slice(0, -5));
        await until(`${id} has begun`, () => entries.some((entry) => entry.id === id));
        client.write(text.slice(-5));
        await client.receive(`left by ${id}`);
      }
      expectEmptyEntries(ids);
      await client.leave();
    });
  });

  test('a request that follows one whose timer still runs sees nothing of it', async () => {
    const client = await RawConnection.open(await listen(app));
    client.write(textOf('/leave', 'r-1'));
    await client.receive('left by r-1');
    await wait(5);
    client.write(textOf('/leave', 'r-2'));
    await client.receive('left by r-2');
    expectEmptyEntries(['r-1', 'r-2']);
    await client.leave();
  });

  test('2,000 overlapping requests on 100 connections: 0 crossed', async () => {
    const REQUESTS = 2_000;
    const port = await listen(app);
    const agent = new Agent({ keepAlive: true, maxSockets: 100 });
    const random = seededRandom(7);
    const crossed: string[] = [];
    const requests = Array.from({ length: REQUESTS }, (_, n) => n).values();

    async function one(n: number): Promise<void> {
      const id = `r-${n}`;
      const name = `caller-${n}`;
      const { text, headers } = await send(
        { port, agent },
        { path: '/overlap', headers: { 'x-request-id': id, 'x-caller': name } },
      );
      const answer = JSON.parse(text) as { seen: string[]; id: string };
      const strange = answer.seen.filter((value) => value !== id && value !== name);
      if (strange.length > 0 || answer.id !== id || headers['x-request-id'] !== id)
        crossed.push(`${id}: ${strange}`);
      if (answer.seen.length !== 14) crossed.push(`${id}: ${answer.seen.length} readings`);
      if (random() < 0.2) await macrotask();
    }

    await Promise.all(
      Array.from({ length: 100 }, async () => {
        for (const n of requests) await one(n);
      }),
    );
    agent.destroy();
    expect(crossed).toEqual([]);
    expect(entries).toHaveLength(2 * REQUESTS);
    expect(
      entries.filter(({ id, unit, left }) => unit !== id || left.some((one) => one !== 'nothing')),
    ).toEqual([]);
  }, 30_000);

  const starts: Record<string, (start: () => Promise<number>) => Promise<number>> = {
    'a unit of work': (start) =>
      runUnitOfWork({ kind: 'boot' }, () => {
        boot.set('left by the start');
        return start();
      }),
    'a Context': (start) =>
      new Context().run(() => {
        boot.set('left by the start');
        return start();
      }),
    'a run of a variable': (start) => boot.run('left by the start', start),
    'a temporary scope': (start) => withTempContext([boot.as('left by the start')], start),
    'a context of nestjs-cls': (start) => {
      const cls = ClsServiceManager.getClsService();
      return (cls as ClsService).run(() => {
        cls.set('left', 'by the start');
        boot.set('left by the start');
        return start();
      });
    },
  };

  test.each(Object.entries(starts))(
    'a server that was started in %s: each request starts empty',
    async (_in, within) => {
      const port = await within(() => listen(app));
      const client = await RawConnection.open(port);
      for (const id of ids) {
        client.write(textOf('/leave', id));
        await client.receive(`left by ${id}`);
      }
      expectEmptyEntries(ids);
      await client.leave();
    },
  );

  test('a client in the same process that calls from its own unit of work: the request starts empty', async () => {
    const port = await listen(app);
    await runUnitOfWork({ kind: 'client' }, async () => {
      boot.set('left by the client');
      trace.set('left by the client');
      const headers = { 'x-request-id': 'r-1', 'content-type': 'application/json' };
      await send({ port }, { path: '/leave', method: 'POST', headers, body: '{"text":"left"}' });
      expect(trace.get()).toBe('left by the client');
    });
    expectEmptyEntries(['r-1']);
  });
});

test("Fastify's inject() from a unit of work: the request starts empty, and leaves nothing there", async () => {
  entries.length = 0;
  const app = await createApp('Fastify', AppModule);
  await ready(app);
  await runUnitOfWork({ kind: 'client' }, async () => {
    boot.set('left by the client');
    trace.set('left by the client');
    const answer = await app
      .getHttpAdapter()
      .getInstance()
      .inject({
        method: 'POST',
        url: '/leave',
        headers: { 'x-request-id': 'r-1' },
        payload: { text: 'left' },
      });
    expect(answer.statusCode).toBe(201);
    expect(trace.get()).toBe('left by the client');
    expect(currentUnit()?.kind).toBe('client');
  });
  expect(entries).toEqual([
    { where: 'setup', id: 'r-1', unit: 'r-1', left: ['nothing', 'nothing', 'nothing'] },
  ]);
  await app.close();
});
