// Background work of an application: its errors in the log, and what shutdown does about it.

import { EventEmitter, once } from 'node:events';
import { setImmediate, setTimeout } from 'node:timers/promises';
import {
  Controller,
  Get,
  type INestApplication,
  Injectable,
  type OnModuleDestroy,
  Query,
} from '@nestjs/common';
import {
  activeTasks,
  createTask,
  currentUnit,
  PreserveContext,
  preserveContext,
  RequestContext,
  runUnitOfWork,
  scopedProvider,
} from 'nestjs-contextvars';
import { adapters } from '../http/support/adapters.js';
import { MemoryLogger } from './support/memory-logger.js';
import { startApp, stopApps } from './support/running-app.js';

const DEFAULT_LIMIT_MS = 10_000;
const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';

afterEach(stopApps);

// What a test leaves running would be named by the shutdowns of the next.
const finishers: (() => void)[] = [];
function finished(): Promise<void> {
  return new Promise((resolve) => void finishers.push(resolve));
}
afterEach(async () => {
  for (const finish of finishers.splice(0)) finish();
  await setImmediate();
  expect(activeTasks()).toEqual([]);
});

/** Says in which request each line was logged, as a logger that reads the context does. */
class ContextLogger extends MemoryLogger {
  readonly context = new RequestContext();
  readonly requests: string[] = [];

  override error(message: unknown): void {
    super.error(message);
    this.requests.push(currentUnit() === undefined ? 'none' : this.context.id);
  }
}

class Mailer {
  @PreserveContext({ background: true })
  async send(): Promise<void> {
    await setImmediate();
    throw new Error('no such mailbox');
  }
}

@Controller()
class MailController {
  @Get('mail') mail(): string {
    void new Mailer().send();
    return 'accepted';
  }

  @Get('throws') throws(): string {
    void preserveContext(
      () => {
        throw new Error('at once');
      },
      { background: true, name: 'thrower' },
    )();
    return 'accepted';
  }
}

describe.each(adapters)('on %s, the error of a background call', (adapter) => {
  it.each([
    ['/mail', 'Mailer.send', 'no such mailbox'],
    ['/throws', 'thrower', 'at once'],
  ])(
    'is logged with its name and ids, in its context, and is no unhandled rejection: %s',
    async (path, name, message) => {
      const logger = new ContextLogger();
      const app = await startApp(adapter, { controllers: [MailController], logger });
      const headers = { 'x-request-id': 'request-7', 'x-correlation-id': 'conversation-9' };
      expect(await app.get(path, headers)).toMatchObject({ status: 200, text: 'accepted' });
      await app.close();
      const line = new RegExp(
        `^error: Error in the background call '${name}' \\(unit ${UUID}, request request-7, correlation conversation-9\\): Error: ${message}$`,
      );
      expect(logger.lines).toEqual([expect.stringMatching(line)]);
      expect(logger.requests).toEqual(['request-7']);
      // An unhandled rejection would fail the test.
      await setImmediate();
    },
  );
});

it('the error of a task is that of whoever has its promise, and is not logged', async () => {
  const logger = new MemoryLogger();
  const app = await startApp('Express', { logger });
  await expect(createTask(async () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
  await app.close();
  expect(logger.lines).toEqual([]);
});

it('the error of a disposer is logged with the ids of the unit of work whose instance it is', async () => {
  const logger = new ContextLogger();
  const lease = {
    use() {},
    [Symbol.dispose]() {
      throw new Error('already gone');
    },
  };
  const app = await startApp('Express', {
    logger,
    providers: [scopedProvider({ provide: 'LEASE', useFactory: () => lease })],
  });
  const leased = app.app.get<typeof lease>('LEASE');
  await runUnitOfWork({ kind: 'job', id: 'job-1' }, async () => createTask(() => leased.use()));
  await app.close();
  expect(logger.lines).toEqual([
    expect.stringMatching(/^error: Error while disposing of .*\(unit .*, request .*, correlation .*\)/),
  ]);
});

describe('shutdown with 50 background tasks running', () => {
  const news = new EventEmitter().setMaxListeners(0);
  const done: string[] = [];

  @Injectable()
  class Receipts {
    /** Heeds its signal where `heeds`, and waits for the news otherwise. */
    @PreserveContext({ background: true })
    async render(order: string, heeds: boolean): Promise<void> {
      await (heeds ? setTimeout(1e8, undefined, { signal: currentUnit()?.signal }) : once(news, 'go on'));
      done.push(`${order} of ${new RequestContext().id}`);
    }
  }

  @Controller()
  class OrderController {
    constructor(private readonly receipts: Receipts) {}

    @Get('order') order(@Query('id') id: string, @Query('heeds') heeds?: string): string {
      if (Number(id) % 2 === 0) void this.receipts.render(id, heeds === 'yes');
      else
        void createTask(() => once(news, 'go on').then(() => done.push(`${id} of task`)), {
          name: `pack ${id}`,
        });
      return 'accepted';
    }
  }

  const parts = { controllers: [OrderController], providers: [Receipts] };
  const orders = Array.from({ length: 50 }, (_, id) => id);

  beforeEach(() => void done.splice(0));
  afterEach(() => void news.emit('go on'));

  it.each(adapters)('waits until all have finished, on %s', async (adapter) => {
    const logger = new MemoryLogger();
    const app = await startApp(adapter, { ...parts, logger });
    for (const id of orders) await app.get(`/order?id=${id}`, { 'x-request-id': `r${id}` });
    expect(activeTasks().map(({ state }) => state)).toEqual(orders.map(() => 'running'));
    let closed = false;
    const closing = app.close().then(() => {
      closed = true;
    });
    await setImmediate();
    expect([closed, done.length]).toEqual([false, 0]);
    news.emit('go on');
    await closing;
    const expected = orders.map((id) => (id % 2 === 0 ? `${id} of r${id}` : `${id} of task`));
    expect([...done].sort()).toEqual([...expected].sort());
    expect(logger.lines).toEqual([]);
  });

  it.each(adapters)(
    'names each that is left at the limit, once, and aborts it with a reason that says so, on %s',
    async (adapter) => {
      const logger = new ContextLogger();
      const options = { shutdown: { timeoutMs: 30 } };
      const app = await startApp(adapter, { ...parts, options, logger });
      for (const id of orders) await app.get(`/order?id=${id}&heeds=yes`, { 'x-request-id': `r${id}` });
      const tasks = activeTasks();
      await app.close();

      const [warning, ...others] = logger.lines;
      const named = orders.map((id) => (id % 2 === 0 ? 'Receipts.render' : `pack ${id}`));
      const units = tasks.map(({ unit }) => unit.id);
      expect(warning).toBe(
        `warn: Shutdown goes on after 30 ms without 50 unfinished: ${named.map((name, i) => `${name} (${units[i]})`).join(', ')}`,
      );
      // Those that heed the signal have failed, and say so in their own contexts.
      expect(others).toHaveLength(25);
      expect([...logger.requests].sort()).toEqual(
        orders
          .filter((id) => id % 2 === 0)
          .map((id) => `r${id}`)
          .sort(),
      );
      expect(others.every((line) => line.includes("in the background call 'Receipts.render'"))).toBe(true);
      // Those that do not are aborted all the same, and can still be seen.
      expect(activeTasks().map(({ name, state }) => `${name} ${state}`)).toEqual(
        orders.filter((id) => id % 2 === 1).map((id) => `pack ${id} aborting`),
      );
      expect(tasks.map(({ unit }) => unit.signal.reason)).toEqual(
        tasks.map(({ name, unit }) =>
          unit.ended
            ? expect.objectContaining({ name: 'TimeoutError' })
            : expect.objectContaining({
                name: 'TimeoutError',
                message: `${name} did not settle within shutdown.timeoutMs (30 ms)`,
              }),
        ),
      );
    },
  );
});

/** Calls `fn` where Nest closes the server: after the first of the module's two hooks, and before the second. */
function betweenTheHooks(fn: () => void) {
  return (nest: INestApplication): void => {
    const adapter = nest.getHttpAdapter();
    const close = adapter.close.bind(adapter);
    adapter.close = () => {
      fn();
      return close();
    };
  };
}

describe('the limit of shutdown', () => {
  const options = { shutdown: { timeoutMs: 60 } };

  it('is one for both of its hooks, and what is begun between them has what the first has left', async () => {
    const logger = new MemoryLogger();
    const waited: number[] = [];
    const set = jest.spyOn(globalThis, 'setTimeout');
    const app = await startApp('Express', {
      options: { shutdown: { timeoutMs: 500 } },
      logger,
      configure: betweenTheHooks(() => void createTask(finished, { name: 'late' })),
    });
    void createTask(() => setTimeout(20), { name: 'early' });
    set.mockClear();
    await app.close();
    for (const [, ms] of set.mock.calls) if (typeof ms === 'number' && ms <= 500) waited.push(ms);
    set.mockRestore();
    expect(logger.lines).toEqual([
      expect.stringMatching(/^warn: Shutdown goes on after 500 ms without 1 unfinished: late \(/),
    ]);
    // Two timers for each hook: 500 ms at first, and what the first has left the second time.
    expect(waited.slice(0, 2)).toEqual([500, 500]);
    expect(waited.length).toBeGreaterThanOrEqual(4);
    for (const ms of waited.slice(2)) expect(ms).toBeLessThan(500);
  });

  it('once reached is not waited for again, and names only what it has not named', async () => {
    const logger = new MemoryLogger();
    class Destroyed implements OnModuleDestroy {
      onModuleDestroy(): void {
        void createTask(finished, { name: 'first' });
      }
    }
    const app = await startApp('Express', {
      options: { shutdown: { timeoutMs: 20 } },
      logger,
      providers: [Destroyed],
      configure: betweenTheHooks(() => void createTask(finished, { name: 'second' })),
    });
    await app.close();
    expect(logger.lines).toEqual([
      expect.stringMatching(/without 1 unfinished: first \([^,]*\)$/),
      expect.stringMatching(/without 1 unfinished: second \([^,]*\)$/),
    ]);
  });

  it('is the limit for a disposer that never settles too, whose task is named as settled', async () => {
    const logger = new MemoryLogger();
    const lease = { use() {}, [Symbol.asyncDispose]: finished };
    const app = await startApp('Express', {
      options,
      logger,
      providers: [scopedProvider({ provide: 'LEASE', useFactory: () => lease })],
    });
    const leased = app.app.get<typeof lease>('LEASE');
    void createTask(() => leased.use(), { name: 'receipt' });
    await app.close();
    expect(logger.lines).toEqual([
      expect.stringMatching(/without 1 unfinished: receipt \(.*, settled, its instances not disposed of\)$/),
    ]);
  });

  it('is 10 s by default, and not waited for where nothing runs', async () => {
    const set = jest.spyOn(globalThis, 'setTimeout');
    const logger = new MemoryLogger();
    const app = await startApp('Express', { logger });
    await app.close();
    expect(set.mock.calls.map(([, ms]) => ms)).toContain(DEFAULT_LIMIT_MS);
    set.mockRestore();
    expect(logger.lines).toEqual([]);
  });
});

describe('with several applications in one process', () => {
  it('the errors of background work go to the one that was started last of those that are open', async () => {
    const loggers = [new MemoryLogger(), new MemoryLogger()] as const;
    const older = await startApp('Express', { options: { logger: loggers[0] } });
    const younger = await startApp('Express', { options: { logger: loggers[1] } });
    const fail = preserveContext(
      async () => {
        throw new Error('out of paper');
      },
      { background: true, name: 'printer' },
    );
    await fail().catch(() => undefined);
    await older.close();
    await fail().catch(() => undefined);
    await younger.close();
    expect(loggers.map(({ lines }) => lines.length)).toEqual([0, 2]);
    const print = jest.spyOn(console, 'error').mockImplementation(() => {});
    await fail().catch(() => undefined);
    expect(print).toHaveBeenCalledTimes(1);
    print.mockRestore();
    expect(loggers.map(({ lines }) => lines.length)).toEqual([0, 2]);
  });

  it('the one that is closed names the tasks that are left, and only the last one aborts them', async () => {
    const loggers = [new MemoryLogger(), new MemoryLogger()] as const;
    const shutdown = { timeoutMs: 20 };
    const first = await startApp('Express', { options: { shutdown, logger: loggers[0] } });
    const second = await startApp('Express', { options: { shutdown, logger: loggers[1] } });
    let signal: AbortSignal | undefined;
    void createTask(
      () => {
        signal = currentUnit()?.signal;
        return finished();
      },
      { name: 'work of the other' },
    );
    await first.close();
    expect(loggers[0].lines).toEqual([expect.stringContaining('without 1 unfinished: work of the other')]);
    expect(signal?.aborted).toBe(false);
    await second.close();
    expect(loggers[1].lines).toEqual([expect.stringContaining('without 1 unfinished: work of the other')]);
    expect(signal?.aborted).toBe(true);
  });
});

it('an application that is closed by one of its own tasks does not wait for that, nor for what it was started in', async () => {
  const logger = new MemoryLogger();
  const app = await startApp('Express', { logger });
  await createTask(() => createTask(() => app.close(), { name: 'inner' }), { name: 'outer' });
  expect(logger.lines).toEqual([]);
});
