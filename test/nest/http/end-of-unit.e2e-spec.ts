import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setImmediate as macrotask } from 'node:timers/promises';
import {
  Body,
  type CanActivate,
  Controller,
  Get,
  type INestApplication,
  Module,
  Post,
  Res,
  Sse,
  StreamableFile,
  UseGuards,
} from '@nestjs/common';
import { ContextModule, createTask, currentUnit, type UnitOfWork } from 'nestjs-contextvars';
import { NEVER, Observable } from 'rxjs';
import { adapters, createApp, listen } from './support/adapters.js';
import { Gate } from './support/gate.js';
import { send } from './support/http-client.js';
import { RawConnection, requestText } from './support/raw-connection.js';
import { seededRandom } from './support/seeded-random.js';
import { UnitLog } from './support/unit-log.js';
import { until } from './support/until.js';

// A request ends at the later of "response closed" and "handler settled", and exactly once. A rejection that
// nobody handles fails the test it happens in.

const CHUNK = 'x'.repeat(64 * 1024);

/** The points at which a test holds a request, and what it finds out about it. */
class Course {
  readonly arrived = new Gate();
  readonly goOn = new Gate<boolean>();
  readonly bodyBegun = new Gate();
  readonly closed = new Gate();
  readonly tornDown = new Gate();
  unit: UnitOfWork | undefined;
}

let course = new Course();

class HoldingGuard implements CanActivate {
  async canActivate(): Promise<boolean> {
    course.unit = currentUnit();
    course.arrived.open();
    return course.goOn.passed;
  }
}

@Controller()
class CourseController {
  @Get('plain')
  plain(): string {
    return 'done';
  }

  @Get('throws')
  throws(): never {
    throw new Error('on purpose');
  }

  @Get('held')
  async held(): Promise<string> {
    course.unit = currentUnit();
    course.arrived.open();
    if (!(await course.goOn.passed)) throw new Error('on purpose');
    return 'done';
  }

  @Get('answers-early')
  async answersEarly(@Res() response: { raw?: ServerResponse }): Promise<void> {
    course.unit = currentUnit();
    (response.raw ?? (response as ServerResponse)).end('early');
    course.arrived.open();
    if (!(await course.goOn.passed)) throw new Error('on purpose');
  }

  @Get('answers-late')
  answersLate(@Res() response: { raw?: ServerResponse }): void {
    course.unit = currentUnit();
    void course.goOn.passed.then(() => (response.raw ?? (response as ServerResponse)).end('late'));
    course.arrived.open();
  }

  @Get('observable')
  observable(): Observable<string> {
    return new Observable<string>((subscriber) => {
      course.unit = currentUnit();
      course.arrived.open();
      void course.goOn.passed.then(() => {
        subscriber.next('done');
        subscriber.complete();
      });
      return () => course.tornDown.open();
    });
  }

  @Get('guarded')
  @UseGuards(HoldingGuard)
  guarded(): string {
    return 'done';
  }

  @Post('body')
  body(@Body() body: { text: string }): string {
    return body.text;
  }

  @Sse('events')
  events(): Observable<{ data: string }> {
    return new Observable<{ data: string }>((subscriber) => {
      course.unit = currentUnit();
      subscriber.next({ data: 'first' });
      course.arrived.open();
      return () => course.tornDown.open();
    });
  }

  @Sse('silent-events')
  silentEvents(): Observable<{ data: string }> {
    course.arrived.open();
    return NEVER;
  }

  @Get('endless-file')
  endlessFile(): StreamableFile {
    course.unit = currentUnit();
    const stream = new Readable({
      read() {
        this.push(CHUNK);
      },
      destroy(error, callback) {
        course.tornDown.open();
        callback(error);
      },
    });
    return new StreamableFile(stream);
  }

  @Get('task')
  task(): string {
    void createTask(async () => {
      course.unit = currentUnit();
      course.arrived.open();
      await course.goOn.passed;
    });
    return 'done';
  }
}

/** Holds the requests that ask for it. */
async function heldSetup(_context: unknown, request: IncomingMessage): Promise<void> {
  if (request.headers['x-held-setup'] === undefined) return;
  course.unit = currentUnit();
  course.arrived.open();
  if (!(await course.goOn.passed)) throw new Error('on purpose');
}

@Module({ imports: [ContextModule.forRoot({ setup: heldSetup })], controllers: [CourseController] })
class AppModule {}

describe.each(adapters)('the end of a request on %s', (adapter) => {
  const units = new UnitLog();
  let app: INestApplication;
  let server: Server;
  let port: number;
  let requests = 0;
  let id: string;

  beforeAll(async () => {
    app = await createApp(adapter, AppModule);
    app.use((_request: IncomingMessage, response: ServerResponse, next: () => void) => {
      const { closed, bodyBegun } = course;
      response.on('close', () => closed.open());
      bodyBegun.open();
      next();
    });
    port = await listen(app);
    server = app.getHttpServer();
  });

  afterAll(async () => {
    units.stop();
    await app.close();
  });

  beforeEach(() => {
    course = new Course();
    units.clear();
    requests += 1;
    id = `r-${requests}`;
  });

  /** Everything that is due has run: what has not ended by now waits for something else. */
  async function settle(): Promise<void> {
    for (let i = 0; i < 5; i++) await macrotask();
  }

  async function expectOpen(): Promise<void> {
    await settle();
    expect(units.times(id)).toEqual({ started: 1, ended: 0 });
    expect(course.unit?.ended).toBe(false);
  }

  async function expectEnded(): Promise<void> {
    await units.haveEnded([id]);
    await settle();
    expect(units.times(id)).toEqual({ started: 1, ended: 1 });
  }

  /** The client leaves when the request has arrived where it is held. */
  async function leaveIn(path: string, headers: Record<string, string> = {}): Promise<void> {
    const client = await RawConnection.open(port);
    client.write(requestText('GET', path, { 'x-request-id': id, ...headers }));
    await course.arrived.passed;
    await client.leave();
  }

  const get = (path: string) => send({ port }, { path, headers: { 'x-request-id': id } });

  test.each([
    ['a handler that has returned', '/plain', 200],
    ['a handler that throws', '/throws', 500],
    ['a route that does not exist', '/unknown', 404],
  ])('%s: once, after the response', async (_what, path, status) => {
    expect((await get(path)).status).toBe(status);
    await expectEnded();
  });

  test.each([
    ['returns', true],
    ['throws', false],
  ])('a handler that outlives its response and then %s: once, when it has settled', async (_how, goOn) => {
    expect((await get('/answers-early')).text).toBe('early');
    await course.closed.passed;
    await expectOpen();
    course.goOn.open(goOn);
    await expectEnded();
  });

  test('a handler that has returned long before its response: once, after the response', async () => {
    const answer = get('/answers-late');
    await course.arrived.passed;
    await expectOpen();
    course.goOn.open(true);
    expect((await answer).text).toBe('late');
    await expectEnded();
  });

  test('a task that outlives its request: the request ends without it', async () => {
    expect((await get('/task')).status).toBe(200);
    await course.arrived.passed;
    await expectEnded();
    expect(course.unit).toMatchObject({ kind: 'task', ended: false });
    course.goOn.open(true);
    await until('the task has ended', () => course.unit?.ended === true);
  });

  test.each([
    ['returns', true],
    ['throws', false],
  ])(
    'a client that leaves in the middle of a handler which then %s: once, when it has settled',
    async (_how, goOn) => {
      await leaveIn('/held');
      await course.closed.passed;
      await expectOpen();
      course.goOn.open(goOn);
      await expectEnded();
    },
  );

  test('a client that leaves in the middle of an Observable: once, when it is torn down or has completed', async () => {
    await leaveIn('/observable');
    await course.closed.passed;
    course.goOn.open(true);
    await course.tornDown.passed;
    await expectEnded();
  });

  test.each([
    ['lets it through', true],
    ['turns it down', false],
  ])('a client that leaves in a guard which then %s: once, when that is through', async (_how, goOn) => {
    await leaveIn('/guarded');
    await course.closed.passed;
    await expectOpen();
    course.goOn.open(goOn);
    await expectEnded();
  });

  test.each([
    ['succeeds', true],
    ['fails', false],
  ])(
    'a client that leaves in a set-up which then %s: once, when what it leads to is over',
    async (_how, goOn) => {
      await leaveIn('/plain', { 'x-held-setup': 'yes' });
      await until('the server has noticed', () => course.unit?.signal.aborted === true);
      await expectOpen();
      course.goOn.open(goOn);
      await expectEnded();
    },
  );

  test('a HEAD request: once', async () => {
    const client = await RawConnection.open(port);
    client.write(requestText('HEAD', '/plain', { 'x-request-id': id, connection: 'close' }));
    await client.receive('200 OK');
    await expectEnded();
    await client.leave();
  });

  test('a client that leaves while it uploads a body: once', async () => {
    const client = await RawConnection.open(port);
    const text = requestText(
      'POST',
      '/body',
      { 'x-request-id': id, 'content-type': 'application/json' },
      `{"text":"${'x'.repeat(1_000)}"}`,
    );
    client.write(text.slice(0, -500));
    await course.bodyBegun.passed;
    await client.leave();
    await course.closed.passed;
    await expectEnded();
  });

  test('a client that leaves server-sent events: the source is torn down, and the request ends once', async () => {
    const client = await RawConnection.open(port);
    client.write(requestText('GET', '/events', { 'x-request-id': id }));
    await client.receive('data: first');
    await expectOpen();
    await client.leave();
    await course.tornDown.passed;
    await expectEnded();
    expect(course.unit?.ended).toBe(true);
  });

  test('a client that leaves server-sent events before the first: once', async () => {
    await leaveIn('/silent-events');
    await course.closed.passed;
    await expectEnded();
  });

  test('a client that leaves in the middle of a streamed file: it is destroyed, and the request ends once', async () => {
    const client = await RawConnection.open(port);
    client.write(requestText('GET', '/endless-file', { 'x-request-id': id }));
    await client.receive('x'.repeat(1_000));
    await expectOpen();
    await client.leave();
    await course.tornDown.passed;
    await expectEnded();
  });

  test('requests that are pipelined: once each, in their order', async () => {
    const ids = ['first', 'second', 'third'].map((name) => `${id}-${name}`);
    const client = await RawConnection.open(port);
    client.write(ids.map((one) => requestText('GET', '/plain', { 'x-request-id': one })).join(''));
    await client.receive('done', 3);
    await units.haveEnded(ids);
    expect(units.ended).toEqual(ids);
    await client.leave();
  });

  test('pipelined requests whose client leaves while the first is held: once each', async () => {
    const ids = ['first', 'second', 'third'].map((name) => `${id}-${name}`);
    const client = await RawConnection.open(port);
    const paths = ['/held', '/plain', '/plain'];
    client.write(ids.map((one, i) => requestText('GET', paths[i]!, { 'x-request-id': one })).join(''));
    await until('all three have begun', () => units.started.length === 3);
    await course.arrived.passed;
    await client.leave();
    course.goOn.open(true);
    await units.haveEnded(ids);
    await settle();
    expect(units.ended.toSorted()).toEqual(ids.toSorted());
  });

  test('1,000 requests of which a tenth is aborted at a random byte: each that began ends, once', async () => {
    const random = seededRandom(20_261);
    const REQUESTS = 1_000;
    const AT_ONCE = 50;
    let answered = 0;
    const sent = Array.from({ length: REQUESTS }, (_, n) => ({ n, aborted: n % 10 === 7 })).values();

    async function one({ n, aborted }: { n: number; aborted: boolean }): Promise<void> {
      const headers = {
        'x-request-id': `${id}-${n}`,
        'content-type': 'application/json',
        connection: 'close',
      };
      const text = requestText('POST', '/body', headers, `{"text":"body of ${n}"}`);
      const client = await RawConnection.open(port);
      const closed = once(client.socket, 'close');
      const bytes = Math.floor(random() * (text.length + 300));
      if (aborted && bytes < text.length) {
        client.socket.write(text.slice(0, bytes), () => client.socket.destroy());
      } else {
        client.write(text);
        if (aborted) {
          client.socket.on('data', () => {
            if (client.received.length >= bytes - text.length) client.socket.destroy();
          });
        }
      }
      await closed;
      if (aborted) return;
      expect(client.received).toContain(`body of ${n}`);
      expect(client.received).toContain(`${id}-${n}`);
      answered += 1;
    }

    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (const each of sent) await one(each);
      }),
    );
    const connections = () =>
      new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
    while ((await connections()) > 0) await macrotask();
    await until('all have ended', () => units.ended.length >= units.started.length);
    await settle();
    expect(answered).toBe(900);
    expect(units.started.length).toBeGreaterThan(900);
    expect(new Set(units.ended).size).toBe(units.ended.length);
    expect(units.ended.toSorted()).toEqual(units.started.toSorted());
  }, 30_000);
});
