// Instances are there until the request is over, and are disposed of before its unit of work has ended.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Controller, Get, type MessageEvent, Query, Sse } from '@nestjs/common';
import { ContextScoped, createTask, currentUnit, scopedProvider, type UnitOfWork } from 'nestjs-contextvars';
import { concat, NEVER, type Observable, of } from 'rxjs';
import { adapters } from '../http/support/adapters.js';
import { Gate } from '../http/support/gate.js';
import { RawConnection, requestText } from '../http/support/raw-connection.js';
import { until } from '../http/support/until.js';
import { MemoryLogger } from '../module/support/memory-logger.js';
import { startApp, stopApps } from '../module/support/running-app.js';

afterEach(stopApps);

const steps: string[] = [];
let unit: UnitOfWork;
let started: Gate;
let release: Gate;
let after: Gate<unknown>;
let disposing: Gate;
let disposed: Gate;

beforeEach(() => {
  steps.length = 0;
  started = new Gate();
  release = new Gate();
  after = new Gate();
  disposing = new Gate();
  disposed = new Gate();
  disposed.open();
});

@ContextScoped()
class First {
  readonly name = 'first';
  [Symbol.dispose](): void {
    steps.push('first disposed');
  }
}

@ContextScoped()
class Connection {
  readonly name = 'connection';
  constructor(readonly first: First) {}
  async [Symbol.asyncDispose](): Promise<void> {
    steps.push(`connection begins, with ${this.first.name}`);
    disposing.open();
    await disposed.passed;
    steps.push(`connection disposed, unit ${unit.ended ? 'ended' : 'open'}`);
  }
}

@ContextScoped()
class Broken {
  readonly name = 'broken';
  [Symbol.dispose](): void {
    throw new Error('cannot let go');
  }
}

@Controller()
class Desk {
  constructor(
    private readonly first: First,
    private readonly connection: Connection,
    private readonly broken: Broken,
  ) {}

  #begin(): string {
    unit = currentUnit()!;
    started.open();
    return `${this.first.name} ${this.connection.name}`;
  }

  @Get('quick') quick(): string {
    return this.#begin();
  }

  @Get('slow') async slow(): Promise<string> {
    this.#begin();
    await release.passed;
    steps.push(`handler still has ${this.connection.name}`);
    return 'slow';
  }

  @Get('broken') brokenOne(): string {
    return `${this.#begin()} ${this.broken.name}`;
  }

  @Sse('events') events(): Observable<MessageEvent> {
    return concat(of({ data: this.#begin() }), NEVER);
  }

  @Get('leaves') leaves(@Query('as') as: string): string {
    const work = async () => {
      const { connection } = this;
      await release.passed;
      try {
        after.open(`${connection.name} of ${currentUnit()?.kind}`);
      } catch (error) {
        after.open(error);
      }
    };
    const answer = this.#begin();
    void (as === 'task' ? createTask(work) : work());
    return answer;
  }
}

@Controller('idle')
class Idle {
  @Get() get(): string {
    return 'idle';
  }
}

const inOrder = [
  'connection begins, with first',
  'connection disposed, unit open',
  'first disposed',
  'unit ended',
];

describe.each(adapters)('on %s', (adapter) => {
  const ends: string[] = [];
  const logger = new MemoryLogger();
  const onUnitEnd = (message: unknown) => {
    if ((message as { unit: UnitOfWork }).unit.kind === 'http') steps.push('unit ended');
  };
  beforeAll(() => subscribe('nestjs-contextvars:unit:end', onUnitEnd));
  afterAll(() => unsubscribe('nestjs-contextvars:unit:end', onUnitEnd));
  beforeEach(() => {
    ends.length = 0;
    logger.lines.length = 0;
  });

  const start = () =>
    startApp(adapter, {
      options: {
        logger,
        onEnd: (_context, { outcome }) => void ends.push(`${outcome} after ${steps.length} steps`),
      },
      controllers: [Desk],
      providers: [First, Connection, Broken].map(scopedProvider),
    });
  const ended = () => until('the unit of work ended', () => steps.includes('unit ended'));

  it('disposers run in reverse order after onEnd, are awaited, and then the unit of work ends', async () => {
    const app = await start();
    disposed = new Gate();
    expect((await app.get('/quick')).text).toBe('first connection');
    await disposing.passed;
    expect([ends, steps, unit.ended]).toEqual([['completed after 0 steps'], inOrder.slice(0, 1), false]);
    disposed.open();
    await ended();
    expect(steps).toEqual(inOrder);
  });

  it('one that onEnd uses first is made then, and disposed of like the others', async () => {
    const app = await startApp(adapter, {
      options: { onEnd: () => void steps.push(`made in onEnd: ${app.app.get(First).name}`) },
      controllers: [Idle],
      providers: [scopedProvider(First)],
    });
    expect((await app.get('/idle')).text).toBe('idle');
    await ended();
    expect(steps).toEqual(['made in onEnd: first', 'first disposed', 'unit ended']);
  });

  it('a client who leaves takes nothing away from a handler that is running', async () => {
    const app = await start();
    const client = await RawConnection.open(app.port);
    client.write(requestText('GET', '/slow'));
    await started.passed;
    await client.leave();
    await until('the signal aborted', () => unit.signal.aborted);
    expect(steps).toEqual([]);
    release.open();
    await ended();
    expect(ends).toEqual(['aborted after 1 steps']);
    expect(steps).toEqual(['handler still has connection', ...inOrder]);
  });

  it('a client who leaves a stream of events ends it, and its instances are disposed of', async () => {
    const app = await start();
    const client = await RawConnection.open(app.port);
    client.write(requestText('GET', '/events'));
    await client.receive('first connection');
    expect(steps).toEqual([]);
    await client.leave();
    await ended();
    expect([ends, steps]).toEqual([['aborted after 0 steps'], inOrder]);
  });

  it('one that cannot be disposed of is logged, and does not keep the others', async () => {
    const app = await start();
    await app.get('/broken');
    await ended();
    expect(steps).toEqual(inOrder);
    expect(logger.lines).toEqual([expect.stringMatching(/^error: .*'Broken'/)]);
    expect(logger.lines.join()).toContain('cannot let go');
  });

  it('what a handler leaves running finds ERR_SCOPE_ENDED after the end, and no new instance', async () => {
    const app = await start();
    await app.get('/leaves');
    await ended();
    release.open();
    expect(await after.passed).toMatchObject({
      code: 'ERR_SCOPE_ENDED',
      message: expect.stringMatching(/^Context-scoped 'Connection' is used after the end .*createTask/),
    });
    expect(steps).toEqual(inOrder);
  });

  it('what it leaves running as a task has an instance of its own', async () => {
    const app = await start();
    await app.get('/leaves?as=task');
    await ended();
    release.open();
    expect(await after.passed).toBe('connection of task');
  });

  it('the shutdown of the application waits until they are disposed of', async () => {
    const app = await start();
    disposed = new Gate();
    await app.get('/quick');
    await disposing.passed;
    const closed = app.close().then(() => steps.push('closed'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    disposed.open();
    await closed;
    expect(steps).toEqual([...inOrder, 'closed']);
  });
});
