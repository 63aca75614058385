import { Inject, Injectable, Module, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  ContextModule,
  type ContextModuleAsyncOptions,
  type ContextModuleOptions,
  type ContextOptionsFactory,
} from 'nestjs-contextvars';
import { adapters } from '../http/support/adapters.js';
import { ProbeController } from './support/probe.controller.js';
import { startApp, startModule, stopApps } from './support/running-app.js';

afterEach(stopApps);

const HEADER = Symbol('header');

@Module({ providers: [{ provide: HEADER, useValue: 'x-own-id' }], exports: [HEADER] })
class SettingsModule {}

const optionsFor = (header: string): ContextModuleOptions => ({ requestId: { header } });

@Injectable()
class OptionsFactory implements ContextOptionsFactory {
  static made = 0;
  constructor(@Inject(HEADER) private readonly header: string) {
    OptionsFactory.made += 1;
  }
  async create(): Promise<ContextModuleOptions> {
    return optionsFor(this.header);
  }
}

@Module({ imports: [SettingsModule], providers: [OptionsFactory], exports: [OptionsFactory] })
class FactoryModule {}

const ways: [string, ContextModuleAsyncOptions][] = [
  ['useFactory', { imports: [SettingsModule], inject: [HEADER], useFactory: optionsFor }],
  [
    'useFactory, async',
    { imports: [SettingsModule], inject: [HEADER], useFactory: async (h) => optionsFor(h) },
  ],
  ['useClass', { imports: [SettingsModule], useClass: OptionsFactory }],
  ['useExisting', { imports: [FactoryModule], useExisting: OptionsFactory }],
];

describe.each(adapters)('on %s', (adapter) => {
  it.each(ways)('forRootAsync takes the options by %s, once', async (_, options) => {
    OptionsFactory.made = 0;
    const app = await startModule(adapter, {
      module: class RootModule {},
      imports: [ContextModule.forRootAsync(options)],
      controllers: [ProbeController],
    });
    expect((await app.get('/')).headers).toHaveProperty('x-own-id');
    expect(OptionsFactory.made).toBeLessThanOrEqual(1);
  });

  it('forRoot needs no options', async () => {
    const app = await startModule(adapter, {
      module: class RootModule {},
      imports: [ContextModule.forRoot()],
      controllers: [ProbeController],
    });
    const { headers, text } = await app.get('/');
    expect(text).toBe('http');
    expect(Object.keys(headers)).toEqual(expect.arrayContaining(['x-request-id', 'x-correlation-id']));
  });
});

describe('isGlobal', () => {
  @Module({ controllers: [ProbeController] })
  class FeatureModule {}

  const compile = (root: ReturnType<typeof ContextModule.forRoot>, ...more: (Type | typeof root)[]) =>
    Test.createTestingModule({ imports: [root, FeatureModule, ...more] }).compile();

  it('is true unless it is set: RequestContext can be injected in every module', async () => {
    await expect(compile(ContextModule.forRoot())).resolves.toBeDefined();
    await expect(compile(ContextModule.forRootAsync({ useFactory: () => ({}) }))).resolves.toBeDefined();
  });

  it('false keeps it to the modules that import ContextModule', async () => {
    await expect(compile(ContextModule.forRoot({ isGlobal: false }))).rejects.toThrow('RequestContext');
    await expect(
      compile(ContextModule.forRootAsync({ isGlobal: false, useFactory: () => ({}) })),
    ).rejects.toThrow('RequestContext');
  });

  it('is no option of the requests', async () => {
    const app = await startApp('Express', { options: { isGlobal: false } });
    expect((await app.get('/')).headers).toHaveProperty('x-request-id');
  });
});

it.each<[string, unknown]>([
  ['requestId.header', { requestId: { header: 'not a header' } }],
  ['requestId.accept', { requestId: { accept: 'yes' } }],
  ['requestId.generate', { requestId: { generate: 'uuid' } }],
  ['correlationId.header', { correlationId: { header: '' } }],
  ['correlationId.accept', { correlationId: { accept: 1 } }],
  ['respondWithIds', { respondWithIds: 'no' }],
  ['exclude', { exclude: {} }],
  ['setup', { setup: {} }],
  ['populate', { populate: {} }],
  ['populate', { populate: [() => {}, 'x'] }],
  ['onEnd', { onEnd: true }],
  ['handler.timeoutMs', { handler: { timeoutMs: 0 } }],
  ['handler.timeoutMs', { handler: { timeoutMs: -1 } }],
  ['handler.timeoutMs', { handler: { timeoutMs: Number.POSITIVE_INFINITY } }],
  ['handler.timeoutMs', { handler: { timeoutMs: '50' } }],
  ['logger', { logger: true }],
  ['logger', { logger: { log() {} } }],
  ['shutdown.timeoutMs', { shutdown: { timeoutMs: Number.NaN } }],
  ['shutdown.timeoutMs', { shutdown: { timeoutMs: 2 ** 31 } }],
])('a wrong %s keeps the application from starting: %j', async (option, options) => {
  await expect(startApp('Express', { options: options as ContextModuleOptions })).rejects.toThrow(
    `ContextModule: option '${option}' must be `,
  );
});
