import { setTimeout } from 'node:timers/promises';
import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import { ContextModule } from 'nestjs-contextvars';
import { until } from '../../http/support/until.js';
import { type AppParts, type RunningApp, startModule, stopApps } from '../../module/support/running-app.js';
import type { Client, Kind } from './kinds.js';

const clients = new Set<Client>();

export interface GatewayParts extends Pick<AppParts, 'options' | 'providers' | 'imports' | 'logger'> {
  readonly gateways: Type[];
}

/** Starts an application with these gateways; `stop` ends it and its clients. */
export async function start(
  kind: Kind,
  { options, gateways, providers = [], imports = [], logger }: GatewayParts,
  configure: (app: INestApplication) => unknown = () => {},
): Promise<RunningApp> {
  class RootModule {}
  const module: DynamicModule = {
    module: RootModule,
    imports: [ContextModule.forRoot(options), ...imports],
    providers: [...gateways, ...providers],
  };
  return startModule('Express', module, {
    ...(logger && { logger }),
    configure: (app: INestApplication) => {
      kind.adapt(app);
      configure(app);
    },
  });
}

export async function connect(
  kind: Kind,
  app: RunningApp,
  headers?: Record<string, string>,
): Promise<Client> {
  const client = await kind.connect(app.port, headers);
  clients.add(client);
  return client;
}

export async function stop(): Promise<void> {
  for (const client of clients) client.close();
  await until('the clients have closed', () => [...clients].every(({ closed }) => closed));
  clients.clear();
  await stopApps();
  // What a client of Socket.IO still says to a server that has gone.
  await setTimeout(10);
}
