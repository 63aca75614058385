// A Nest application that has stand-ins as providers starts, is looked through and shuts down without an instance.

import { Controller, Get, Inject, Injectable, Module, SetMetadata } from '@nestjs/common';
import {
  DiscoveryModule,
  DiscoveryService,
  MetadataScanner,
  ModuleRef,
  NestFactory,
  Reflector,
  SerializedGraph,
} from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { Context, runUnitOfWork } from '../../src/core/index.js';
import { type Anything } from './stand-in-comparison.js';
import { standInOf, standInOfClass } from './stand-in-subject.js';

const ran: string[] = [];
const CRON = 'cron';

class Caller {
  name = 'ann';
  get upper(): string {
    return this.name.toUpperCase();
  }
  @SetMetadata(CRON, 'daily')
  greet(): string {
    return `hello ${this.name}`;
  }
  onModuleInit(): void {
    ran.push('onModuleInit');
  }
  onApplicationBootstrap(): void {
    ran.push('onApplicationBootstrap');
  }
  onModuleDestroy(): void {
    ran.push('onModuleDestroy');
  }
  beforeApplicationShutdown(): void {
    ran.push('beforeApplicationShutdown');
  }
  onApplicationShutdown(): void {
    ran.push('onApplicationShutdown');
  }
}

const value = standInOfClass(Caller);
const made = standInOfClass(Caller);
const loaded = standInOfClass(Caller);
const list = standInOf<Anything>(() => [1, 2]);
const translate = standInOf<Anything>(() => (word: string) => `${word}!`, { callable: true });
const all = [value, made, loaded, list, translate];

@Injectable()
class Greeter {
  constructor(
    readonly caller: Caller,
    @Inject('made') readonly made: Caller,
    @Inject('loaded') readonly loaded: Caller,
    @Inject('list') readonly list: number[],
    @Inject('translate') readonly translate: (word: string) => string,
  ) {}

  greet(): string[] {
    return [this.caller.greet(), this.made.greet(), this.loaded.upper, `${this.list}`, this.translate('hi')];
  }
}

@Controller()
class GreetController {
  constructor(readonly greeter: Greeter) {}
  @Get()
  greet(): string[] {
    return runUnitOfWork({ kind: 'test' }, () => this.greeter.greet());
  }
}

@Module({
  imports: [DiscoveryModule],
  controllers: [GreetController],
  providers: [
    Greeter,
    { provide: Caller, useValue: value.standIn },
    { provide: 'made', useFactory: () => made.standIn },
    { provide: 'loaded', useFactory: async () => loaded.standIn },
    { provide: 'list', useFactory: () => list.standIn },
    { provide: 'translate', useFactory: () => translate.standIn },
    { provide: 'alias', useExisting: Caller },
  ],
  exports: [Caller],
})
class AppModule {}

afterEach(() => {
  expect(ran).toEqual([]);
});

/** What explorers of other libraries do at start-up. */
function explore(discovery: DiscoveryService, scanner: MetadataScanner, reflector: Reflector): string[] {
  const found: string[] = [];
  for (const { instance, metatype, name } of discovery.getProviders()) {
    if (instance === undefined || instance === null || typeof instance !== 'object') continue;
    void [metatype, name, instance.constructor?.name, instance instanceof Promise];
    const prototype = Object.getPrototypeOf(instance);
    for (const key of scanner.getAllMethodNames(prototype)) {
      // Libraries read the method from either of them.
      for (const method of [prototype[key], instance[key]]) {
        if (typeof method === 'function' && reflector.get(CRON, method) === 'daily') found.push(key);
      }
      Reflect.getMetadata(CRON, instance, key);
    }
  }
  return found;
}

describe.each([
  ['outside any unit of work', (body: () => Promise<void>) => body()],
  ['inside one', (body: () => Promise<void>) => new Context().run(body)],
])('%s', (_where, run) => {
  test('an application context starts, is explored and closes', () =>
    run(async () => {
      const app = await NestFactory.createApplicationContext(AppModule, {
        logger: false,
        abortOnError: false,
      });
      app.enableShutdownHooks([]);
      expect(app.get(Caller)).toBe(value.standIn);
      expect(app.get('alias')).toBe(value.standIn);
      expect(await app.resolve('loaded')).toBe(loaded.standIn);
      expect(app.get(ModuleRef).get('made', { strict: false })).toBe(made.standIn);
      const found = explore(app.get(DiscoveryService), app.get(MetadataScanner), app.get(Reflector));
      expect(found).toEqual(new Array(found.length).fill('greet'));
      await app.close();
      expect(all.flatMap((subject) => subject.made)).toEqual([]);
    }));

  test('so does one with a snapshot for the devtools', () =>
    run(async () => {
      const app = await NestFactory.createApplicationContext(AppModule, { logger: false, snapshot: true });
      expect(app.get(SerializedGraph).toString()).toContain('Greeter');
      await app.close();
      expect(all.flatMap((subject) => subject.made)).toEqual([]);
    }));

  test('so does one for tests, with a stand-in as an override and a spread of modules', () =>
    run(async () => {
      const override = standInOfClass(Caller);
      const app = await Test.createTestingModule({ imports: [AppModule] })
        .overrideProvider('made')
        .useValue(override.standIn)
        .compile();
      await app.init();
      expect(app.get(Greeter).made).toBe(override.standIn);
      await app.close();
      expect([override, ...all].flatMap((subject) => subject.made)).toEqual([]);
    }));
});

test('a dynamic module with a stand-in from a factory starts where Nest makes ids from the content of modules', async () => {
  const { standIn, made } = standInOfClass(Caller);
  class FeatureModule {}
  const feature = { module: FeatureModule, providers: [{ provide: Caller, useFactory: () => standIn }] };
  const app = await NestFactory.createApplicationContext(
    { module: class RootModule {}, imports: [feature] },
    { logger: false, abortOnError: false, moduleIdGeneratorAlgorithm: 'deep-hash' },
  );
  expect(app.get(Caller, { strict: false })).toBe(standIn);
  await app.close();
  expect(made).toEqual([]);
});

test('singletons act on the instances of the unit of work that they are called in', async () => {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  const controller = app.get(GreetController);
  const greeting = ['hello ann', 'hello ann', 'ANN', '1,2', 'hi!'];
  expect(controller.greet()).toEqual(greeting);
  new Context().run(() => {
    controller.greeter.caller.name = 'eve';
    expect(controller.greet()).toEqual(greeting);
    expect(controller.greeter.greet()[0]).toBe('hello eve');
  });
  expect(value.made).toHaveLength(3);
  await app.close();
});
