import { once } from 'node:events';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import type { DynamicModule, Type } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { type Client, createClient } from 'graphql-ws';
import { ContextModule } from 'nestjs-contextvars';
import { WebSocket } from 'ws';
import { until } from '../http/support/until.js';
import { type AppParts, type RunningApp, startModule, stopApps } from '../module/support/running-app.js';

const clients = new Set<Client>();

export interface GraphqlParts extends Pick<AppParts, 'options' | 'providers' | 'controllers' | 'logger'> {
  readonly resolvers: Type[];
  readonly graphql?: Partial<ApolloDriverConfig>;
}

export function start({
  options,
  resolvers,
  providers = [],
  controllers = [],
  graphql,
  logger,
}: GraphqlParts): Promise<RunningApp> {
  class RootModule {}
  const module: DynamicModule = {
    module: RootModule,
    imports: [
      GraphQLModule.forRoot<ApolloDriverConfig>({
        driver: ApolloDriver,
        autoSchemaFile: true,
        graphiql: false,
        subscriptions: { 'graphql-ws': true },
        ...graphql,
      }),
      // Last, on purpose.
      ContextModule.forRoot(options),
    ],
    controllers,
    providers: [...resolvers, ...providers],
  };
  return startModule('Express', module, { ...(logger && { logger }) });
}

export async function stop(): Promise<void> {
  for (const client of clients) await client.dispose();
  clients.clear();
  await stopApps();
}

export interface Result {
  readonly data?: any;
  readonly errors?: readonly { readonly message: string }[];
}

export async function post(
  app: RunningApp,
  query: string,
  headers?: Record<string, string>,
): Promise<Result> {
  const response = await fetch(`http://127.0.0.1:${app.port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
  return (await response.json()) as Result;
}

export function connect(app: RunningApp, connectionParams: Record<string, unknown> = {}): Client {
  const client = createClient({
    url: `ws://127.0.0.1:${app.port}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams,
    retryAttempts: 0,
    lazy: true,
  });
  clients.add(client);
  return client;
}

/** A connection as it is on the wire: it stays while nothing is asked for over it. */
export async function connectBare(app: RunningApp): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${app.port}/graphql`, 'graphql-transport-ws');
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init' }));
  await once(socket, 'message');
  return socket;
}

export interface Subscription {
  readonly results: Result[];
  /** Waits for the result after those that it has given. */
  next(): Promise<Result>;
  readonly over: boolean;
  stop(): void;
}

export function subscribe(client: Client, query: string): Subscription {
  const results: Result[] = [];
  let taken = 0;
  let over = false;
  const stopIt = client.subscribe<any>(
    { query },
    {
      next: (result) => void results.push(result as Result),
      error: (error) => {
        over = true;
        results.push({ errors: Array.isArray(error) ? error : [error as Error] });
      },
      complete: () => {
        over = true;
      },
    },
  );
  return {
    results,
    get over() {
      return over;
    },
    stop: stopIt,
    async next() {
      const index = taken++;
      await until('the next result has come', () => results.length > index);
      return results[index] as Result;
    },
  };
}
