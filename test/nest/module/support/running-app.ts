import type { DynamicModule, INestApplication, LoggerService, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { TestingModuleBuilder } from '@nestjs/testing';
import { ContextModule, type ContextModuleExtras, type ContextModuleOptions } from 'nestjs-contextvars';
import { type AdapterName, listen } from '../../http/support/adapters.js';
import { type Answer, type Sent, send } from '../../http/support/http-client.js';

type Provider = NonNullable<DynamicModule['providers']>[number];

export interface AppParts {
  readonly options?: ContextModuleOptions & ContextModuleExtras;
  readonly controllers?: Type[];
  readonly providers?: Provider[];
  readonly imports?: DynamicModule['imports'];
  readonly logger?: LoggerService;
  /** Before the application is initialized. */
  readonly configure?: (app: INestApplication) => unknown;
  /** Before the application is created. */
  readonly adapt?: (adapter: ExpressAdapter | FastifyAdapter) => unknown;
  /** Default: one that is free. */
  readonly port?: number;
}

const running = new Set<INestApplication>();

/** Starts an application on the module; `stopApps` stops it. */
export function startApp(
  adapter: AdapterName,
  { options, controllers = [], providers = [], imports = [], ...rest }: AppParts,
): Promise<RunningApp> {
  class RootModule {}
  const module: DynamicModule = {
    module: RootModule,
    imports: [ContextModule.forRoot(options), ...imports],
    controllers,
    providers,
  };
  return startModule(adapter, module, rest);
}

export async function startModule(
  adapter: AdapterName,
  module: DynamicModule,
  { logger, configure, adapt, port }: Pick<AppParts, 'logger' | 'configure' | 'adapt' | 'port'> = {},
): Promise<RunningApp> {
  const http = adapterOf(adapter);
  adapt?.(http);
  const app = await NestFactory.create(module as unknown as Type, http as never, {
    logger: logger ?? false,
    abortOnError: false,
    forceCloseConnections: true,
  });
  configure?.(app);
  return run(app, port);
}

export async function startTesting(adapter: AdapterName, builder: TestingModuleBuilder): Promise<RunningApp> {
  const module = await builder.compile();
  return run(module.createNestApplication(adapterOf(adapter) as never, { logger: false }));
}

function adapterOf(adapter: AdapterName): ExpressAdapter | FastifyAdapter {
  return adapter === 'Express' ? new ExpressAdapter() : new FastifyAdapter();
}

async function run(app: INestApplication, port?: number): Promise<RunningApp> {
  running.add(app);
  return new RunningApp(app, await listen(app, port));
}

export async function stopApps(): Promise<void> {
  const apps = [...running];
  running.clear();
  for (const app of apps) await app.close();
}

export class RunningApp {
  readonly app: INestApplication;
  readonly port: number;

  constructor(app: INestApplication, port: number) {
    this.app = app;
    this.port = port;
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send({ path, headers });
  }

  send(sent: Sent): Promise<Answer> {
    return send({ port: this.port }, sent);
  }

  /** No longer stopped by `stopApps`. */
  async close(): Promise<void> {
    running.delete(this.app);
    await this.app.close();
  }
}
