import { ConsoleLogger, Injectable, Logger, Module, type OnModuleInit } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  ContextLogger,
  ContextModule,
  type ContextModuleOptions,
  ContextVar,
  runUnitOfWork,
} from 'nestjs-contextvars';
import { MemoryLogger } from '../module/support/memory-logger.js';
import { Output, restoreNestLogger } from './support/output.js';

const tenant = new ContextVar<string>('tenant', { log: 'tenant' });

let output: Output;
beforeEach(() => {
  output = new Output();
  restoreNestLogger();
});
afterEach(() => {
  output.release();
  restoreNestLogger();
});

@Injectable()
class Starter implements OnModuleInit {
  readonly #logger = new Logger(Starter.name);

  onModuleInit(): void {
    this.#logger.log('starting');
  }

  work(): void {
    runUnitOfWork({ kind: 'test', id: 'u-1' }, () => {
      tenant.set('acme');
      this.#logger.log('working');
    });
  }
}

function moduleWith(options?: ContextModuleOptions) {
  @Module({ imports: [ContextModule.forRoot(options)], providers: [Starter] })
  class AppModule {}
  return AppModule;
}

type CreateOptions = NonNullable<Parameters<typeof NestFactory.createApplicationContext>[1]>;

const create = (options?: ContextModuleOptions, given: CreateOptions = {}) =>
  NestFactory.createApplicationContext(moduleWith(options), { abortOnError: false, ...given });

const json = { logs: { logger: { json: true } } };
const working = expect.objectContaining({
  context: 'Starter',
  message: 'working',
  requestId: 'u-1',
  tenant: 'acme',
});
const records = () =>
  output.lines.filter((line) => line.startsWith('{')).map((line): unknown => JSON.parse(line));

describe('the option logs.logger', () => {
  it("makes every Logger write with the module's ContextLogger, while the application starts too", async () => {
    const app = await create(json);
    app.get(Starter).work();
    expect(records()).toEqual(
      expect.arrayContaining([expect.objectContaining({ context: 'Starter', message: 'starting' }), working]),
    );
    expect(Reflect.get(Logger, 'staticInstanceRef')).toBe(app.get(ContextLogger));
    await app.close();
  });

  it.each([{}, { logs: {} }, { logs: { logger: false } }])('does nothing where it is %j', async (options) => {
    const app = await create(options);
    app.get(Starter).work();
    await app.close();
    expect(records()).toEqual([]);
    expect(output.text).toMatch(/working/);
    expect(output.text).not.toMatch(/acme/);
  });

  it('goes by the terminal where it is true', async () => {
    const app = await create({ logs: { logger: true } });
    app.get(Starter).work();
    await app.close();
    expect(records()).toEqual(expect.arrayContaining([working]));
  });

  it('comes from a factory too', async () => {
    @Module({ imports: [ContextModule.forRootAsync({ useFactory: async () => json })], providers: [Starter] })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { abortOnError: false });
    app.get(Starter).work();
    await app.close();
    expect(records()).toEqual(expect.arrayContaining([working]));
  });

  it('writes what was kept back by `bufferLogs`', async () => {
    const app = await create(json, { bufferLogs: true });
    app.get(Starter).work();
    await app.close();
    const messages = records().map((record) => (record as { message: string }).message);
    expect(messages).toEqual(expect.arrayContaining(['Starting Nest application...', 'starting', 'working']));
    expect(records()).toEqual(expect.arrayContaining([working]));
  });

  it.each<[string, CreateOptions['logger']]>([
    ['false', false],
    ['a logger', new MemoryLogger()],
    ['a class that extends a ConsoleLogger', new (class extends ConsoleLogger {})({ logLevels: ['error'] })],
  ])('leaves what the application is given: %s', async (_, logger) => {
    const app = await create(json, { logger: logger as NonNullable<typeof logger> });
    app.get(Starter).work();
    await app.close();
    expect(output.text).toBe('');
  });

  it('leaves the logger of a testing module', async () => {
    const module = await Test.createTestingModule({ imports: [moduleWith(json)] }).compile();
    await module.init();
    module.get(Starter).work();
    await module.close();
    expect(output.text).toBe('');
  });

  it.each<[string, ContextModuleOptions, boolean]>([
    ['has the levels that the application is given', json, false],
    ['has levels of its own before those', { logs: { logger: { json: true, logLevels: ['log'] } } }, true],
  ])('%s', async (_, options, isWritten) => {
    const app = await create(options, { logger: ['warn'] });
    app.get(Starter).work();
    await app.close();
    expect(records().length > 0).toBe(isWritten);
  });

  it('ends with the application, and with the last one of several', async () => {
    const first = await create(json);
    const second = await create(json);
    const current = () => Reflect.get(Logger, 'staticInstanceRef');
    expect(current()).toBe(second.get(ContextLogger));
    await second.close();
    expect(current()).toBe(first.get(ContextLogger));
    await first.close();
    expect(current().constructor).toBe(ConsoleLogger);
  });

  it('ends with no application that a later one was started after', async () => {
    const first = await create(json);
    const second = await create(json);
    await first.close();
    expect(Reflect.get(Logger, 'staticInstanceRef')).toBe(second.get(ContextLogger));
    await second.close();
    expect(Reflect.get(Logger, 'staticInstanceRef').constructor).toBe(ConsoleLogger);
  });

  it('does not take back a logger that was set in between', async () => {
    const app = await create(json);
    const own = new MemoryLogger();
    app.useLogger(own);
    await app.close();
    expect(Reflect.get(Logger, 'staticInstanceRef')).toBe(own);
  });
});

describe('without the option', () => {
  it('the ContextLogger of the module can be used by hand, also for what was kept back', async () => {
    const app = await create({ logs: {} }, { bufferLogs: true, autoFlushLogs: true });
    app.useLogger(app.get(ContextLogger));
    app.get(Starter).work();
    await app.close();
    expect(records()).toEqual(
      expect.arrayContaining([expect.objectContaining({ message: 'starting' }), working]),
    );
  });

  it('a ContextLogger can be given to the application', async () => {
    const app = await create({}, { logger: new ContextLogger({ json: true }) });
    app.get(Starter).work();
    await app.close();
    expect(records()).toEqual(
      expect.arrayContaining([expect.objectContaining({ message: 'starting' }), working]),
    );
  });

  it('it can be injected everywhere', async () => {
    @Injectable()
    class Consumer {
      constructor(readonly logger: ContextLogger) {}
    }
    const module = await Test.createTestingModule({
      imports: [ContextModule.forRoot()],
      providers: [Consumer],
    }).compile();
    expect(module.get(Consumer).logger).toBe(module.get(ContextLogger));
  });
});
