// `@Cron`, `@Interval` and `@Timeout`: each tick is a unit of work that starts empty.

import { type DynamicModule, type INestApplicationContext, Injectable, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cron, Interval, ScheduleModule, SchedulerRegistry, Timeout } from '@nestjs/schedule';
import { CronJob } from 'cron';
import {
  AsUnitOfWork,
  ContextModule,
  ContextScoped,
  ContextVar,
  createTask,
  currentUnit,
  RequestContext,
  runUnitOfWork,
  scopedProvider,
  type UnitOfWork,
} from 'nestjs-contextvars';
import { activeTasks } from '../../../src/core/tasks.js';
import { Gate } from '../http/support/gate.js';
import { until } from '../http/support/until.js';
import { MemoryLogger } from '../module/support/memory-logger.js';

const boot = new ContextVar<string>('boot', { default: 'not seen' });
const running = new Set<INestApplicationContext>();

afterEach(async () => {
  for (const app of running) await app.close();
  running.clear();
});

interface Parts {
  readonly providers: NonNullable<DynamicModule['providers']>;
  /** Whether `ContextModule` comes first. */
  readonly first?: boolean;
  readonly isGlobal?: boolean;
  readonly logger?: MemoryLogger;
  readonly timeoutMs?: number;
}

/** Inside a unit of work, which nothing that ticks may see. */
async function start({ providers, first = false, isGlobal = true, logger, timeoutMs = 5_000 }: Parts) {
  const context = ContextModule.forRoot({
    isGlobal,
    shutdown: { timeoutMs },
    ...(logger && { logger }),
  });
  const schedule = ScheduleModule.forRoot();
  const module: DynamicModule = {
    module: class AppModule {},
    imports: first ? [context, schedule] : [schedule, context],
    providers,
  };
  return runUnitOfWork({ kind: 'boot' }, async () => {
    boot.set('seen');
    const app = await NestFactory.createApplicationContext(module as unknown as Type, {
      logger: logger ?? false,
      abortOnError: false,
    });
    running.add(app);
    return app;
  });
}

describe.each([
  ['before ContextModule', { first: false }],
  ['after ContextModule', { first: true }],
  ['before ContextModule, which is not global', { first: false, isGlobal: false }],
])('with ScheduleModule imported %s', (_, order) => {
  it('each tick is a unit of work of its kind, with nothing of the one that the application was started in', async () => {
    const ticks: { how: string; unit: UnitOfWork | undefined; boot: string; mark: string }[] = [];
    const mark = new ContextVar<string>('mark', { default: 'fresh' });
    const look = (how: string) => {
      ticks.push({ how, unit: currentUnit(), boot: boot.get(), mark: mark.get() });
      mark.set('left behind');
    };
    @Injectable()
    class Jobs {
      @Cron('* * * * * *') async cron() {
        await null;
        look('cron');
      }
      @Interval(10) interval() {
        look('interval');
      }
      @Timeout(10) async timeout() {
        await new Promise(setImmediate);
        look('timeout');
      }
    }
    await start({ providers: [Jobs], ...order });
    const of = (how: string) => ticks.filter((tick) => tick.how === how);
    await until('all have ticked', () => of('interval').length > 2 && of('timeout').length === 1);
    await until('the cron job has ticked', () => of('cron').length > 0);
    for (const { how, unit, boot, mark } of ticks) {
      expect([how, unit?.kind, boot, mark]).toEqual([how, how, 'not seen', 'fresh']);
    }
    expect(new Set(ticks.map(({ unit }) => unit)).size).toBe(ticks.length);
    await until('they have ended', () => of('timeout')[0]?.unit?.ended === true);
  });
});

it('ticks that overlap keep apart, and each has its own scoped instances until it has settled', async () => {
  const log: string[] = [];
  let made = 0;
  const gates = [new Gate(), new Gate()];
  @ContextScoped()
  class Batch {
    readonly number = made++;
    [Symbol.dispose]() {
      log.push(`disposed ${this.number}`);
    }
  }
  @Injectable()
  class Jobs {
    constructor(private readonly batch: Batch) {}
    @Interval(5) async run() {
      const { number } = this.batch;
      if (number > 1) return;
      await gates[number]?.passed;
      log.push(`ran ${number} ${this.batch.number}`);
    }
  }
  await start({ providers: [scopedProvider(Batch), Jobs] });
  await until('both run', () => made > 1);
  gates[1]?.open();
  await until('one has ended', () => log.includes('disposed 1'));
  gates[0]?.open();
  await until('the other has ended', () => log.includes('disposed 0'));
  expect(log.filter((line) => /[01]$/.test(line))).toEqual([
    'ran 1 1',
    'disposed 1',
    'ran 0 0',
    'disposed 0',
  ]);
});

it('an error goes to the logger of Nest as before, in the context of its tick, and the next tick comes', async () => {
  let ticks = 0;
  const seen: string[] = [];
  class Logger extends MemoryLogger {
    override error(message: unknown) {
      super.error(message);
      seen.push(String(currentUnit()?.kind));
    }
  }
  const logger = new Logger();
  @Injectable()
  class Jobs {
    @Interval(5) async run() {
      ticks += 1;
      await null;
      throw new Error(`tick ${ticks} failed`);
    }
  }
  await start({ providers: [Jobs], logger });
  await until('it has ticked twice', () => logger.lines.length > 1);
  expect(logger.lines.slice(0, 2)).toEqual(['error: Error: tick 1 failed', 'error: Error: tick 2 failed']);
  expect(new Set(seen)).toEqual(new Set(['interval']));
});

it('its id is the request id of the tick, and of the tasks that it starts', async () => {
  const seen: string[][] = [];
  @Injectable()
  class Jobs {
    constructor(private readonly context: RequestContext) {}
    @Timeout(0) async run() {
      const ids = () => [this.context.id, this.context.correlationId];
      const id = String(currentUnit()?.id);
      seen.push([id, id], ids(), await createTask(async () => ids()));
    }
  }
  await start({ providers: [Jobs] });
  await until('it has run', () => seen.length === 3);
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[2]).toEqual(seen[0]);
});

it('one that is @AsUnitOfWork too runs in that', async () => {
  const kinds: (string | undefined)[] = [];
  @Injectable()
  class Jobs {
    @Timeout(0)
    @AsUnitOfWork({ kind: 'nightly' })
    run() {
      kinds.push(currentUnit()?.kind, boot.get());
    }
  }
  await start({ providers: [Jobs] });
  await until('it has run', () => kinds.length > 0);
  expect(kinds).toEqual(['nightly', 'not seen']);
});

describe('shutdown', () => {
  const gate = new Gate();
  const log: string[] = [];
  const began = new Gate();

  @Injectable()
  class Jobs {
    @Timeout('the long one', 0) async named() {
      currentUnit()?.signal.addEventListener('abort', () => log.push('aborted'));
      began.open();
      await gate.passed;
      log.push('ran');
    }
    @Timeout(0) async unnamed() {
      await gate.passed;
    }
  }

  it('names the ticks that it has not waited for, and aborts their signals', async () => {
    const logger = new MemoryLogger();
    const app = await start({ providers: [Jobs], logger, timeoutMs: 20 });
    await began.passed;
    await until('both run', () => activeTasks().length === 2);
    running.delete(app);
    await app.close();
    const warning = logger.lines.find((line) => line.startsWith('warn: Shutdown'));
    expect(warning).toMatch(/without 2 unfinished: .*the long one \([0-9a-f-]{36}\)/);
    expect(warning).toContain('Jobs.unnamed (');
    expect(log).toEqual(['aborted']);
    gate.open();
    await until('they have ended', () => activeTasks().length === 0);
  });

  it('waits for a tick that runs', async () => {
    const done: string[] = [];
    const [started, finish] = [new Gate(), new Gate()];
    @Injectable()
    class Slow {
      @Timeout(0) async run() {
        started.open();
        await finish.passed;
        done.push('ran');
      }
    }
    const app = await start({ providers: [Slow] });
    await started.passed;
    running.delete(app);
    const closed = app.close().then(() => done.push('closed'));
    await new Promise(setImmediate);
    finish.open();
    await closed;
    expect(done).toEqual(['ran', 'closed']);
  });
});

describe('a job that is added while the application runs', () => {
  it('ticks outside the context that it was added and started in', async () => {
    const app = await start({ providers: [] });
    const seen: unknown[] = [];
    await runUnitOfWork({ kind: 'request' }, async () => {
      boot.set('seen');
      const job = new CronJob('* * * * * *', () => {
        seen.push([boot.get(), currentUnit()]);
        runUnitOfWork({ kind: 'own' }, () => void seen.push(currentUnit()?.kind));
      });
      app.get(SchedulerRegistry).addCronJob('dynamic', job);
      job.start();
    });
    await until('it has ticked', () => seen.length > 1);
    expect(seen.slice(0, 2)).toEqual([['not seen', undefined], 'own']);
  });
});

it('says so where @nestjs/schedule is not as it is known', async () => {
  const logger = new MemoryLogger();
  class SchedulerOrchestrator {}
  const ScheduleModule = { ScheduleModule: class {} }.ScheduleModule;
  const module: DynamicModule = {
    module: class AppModule {},
    imports: [
      { module: ScheduleModule, providers: [SchedulerOrchestrator] },
      ContextModule.forRoot({ logger }),
    ],
  };
  running.add(
    await NestFactory.createApplicationContext(module as unknown as Type, {
      logger: false,
      abortOnError: false,
    }),
  );
  expect(logger.lines).toEqual([expect.stringContaining('This version of @nestjs/schedule is not known')]);
});
