// Applications without HTTP: `NestFactory.createApplicationContext`.

import { setTimeout } from 'node:timers/promises';
import { type DynamicModule, type INestApplicationContext, Injectable, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  AsUnitOfWork,
  ContextModule,
  type ContextModuleOptions,
  ContextScoped,
  ContextVar,
  createTask,
  currentUnit,
  PreserveContext,
  RequestContext,
  runUnitOfWork,
  scopedProvider,
} from 'nestjs-contextvars';
import { withCode } from '../../core/support/outcome.js';
import { Gate } from '../http/support/gate.js';
import { MemoryLogger } from '../module/support/memory-logger.js';

const user = new ContextVar<string>('user', { default: 'nobody' });
const running = new Set<INestApplicationContext>();

afterEach(async () => {
  for (const app of running) await app.close();
  running.clear();
});

async function start(
  providers: NonNullable<DynamicModule['providers']>,
  options: ContextModuleOptions = {},
): Promise<INestApplicationContext> {
  const module: DynamicModule = {
    module: class AppModule {},
    imports: [ContextModule.forRoot(options)],
    providers,
  };
  const app = await NestFactory.createApplicationContext(module as unknown as Type, {
    logger: false,
    abortOnError: false,
  });
  running.add(app);
  return app;
}

@Injectable()
class Import {
  constructor(private readonly context: RequestContext) {}
  @AsUnitOfWork({ kind: 'import' })
  async run(file: string) {
    user.set(`importer of ${file}`);
    await setTimeout(1);
    return [this.context.get(user), currentUnit()?.kind, this.context.id === currentUnit()?.id];
  }
}

it('has RequestContext and variables in units of work, and overlapping ones keep apart', async () => {
  const app = await start([Import]);
  const imports = app.get(Import);
  expect(await Promise.all([imports.run('a'), imports.run('b')])).toEqual([
    ['importer of a', 'import', true],
    ['importer of b', 'import', true],
  ]);
  const context = app.get(RequestContext);
  expect(() => context.id).toThrow(withCode('ERR_NO_ACTIVE_CONTEXT'));
  runUnitOfWork({ kind: 'script', id: 'script-1' }, () => {
    expect(context.id).toBe('script-1');
    expect(() => context.request).toThrow(withCode('ERR_NOT_IN_REQUEST'));
  });
});

it('has scoped providers', async () => {
  const log: string[] = [];
  @ContextScoped()
  class Batch {
    readonly unit = currentUnit()?.id;
    [Symbol.dispose]() {
      log.push(`disposed in ${this.unit}`);
    }
  }
  const app = await start([scopedProvider(Batch)]);
  const batch = app.get(Batch);
  await runUnitOfWork({ kind: 'script', id: 'script-1' }, async () => {
    await null;
    log.push(`used in ${batch.unit}`);
  });
  expect(log).toEqual(['used in script-1', 'disposed in script-1']);
  expect(() => batch.unit).toThrow(withCode('ERR_NO_ACTIVE_CONTEXT'));
});

it('waits at its end for tasks and background calls, and logs their errors', async () => {
  const logger = new MemoryLogger();
  const [gate, log] = [new Gate(), [] as string[]];
  @Injectable()
  class Mail {
    @PreserveContext({ background: true })
    async send() {
      await gate.passed;
      log.push(`sent for ${user.get()}`);
      throw new Error('mailbox full');
    }
  }
  const app = await start([Mail], { logger });
  runUnitOfWork({ kind: 'script' }, () => {
    user.set('ada');
    void app.get(Mail).send();
    void createTask(async () => {
      await gate.passed;
      log.push(`task of ${user.get()}`);
    });
  });
  running.delete(app);
  const closed = app.close().then(() => log.push('closed'));
  await setTimeout(5);
  gate.open();
  await closed;
  expect(log).toEqual(['sent for ada', 'task of ada', 'closed']);
  expect(logger.lines).toEqual([expect.stringContaining('mailbox full')]);
});
