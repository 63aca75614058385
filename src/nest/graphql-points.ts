import type { ModulesContainer } from '@nestjs/core';
import { type GraphqlWsHooks, isAsyncIterable, withConnections } from './graphql-connections.js';
import { GraphqlOperation } from './graphql-operation.js';
import type { WebsocketOpener } from './websocket-opener.js';

type Subscribe = (this: unknown, ...args: unknown[]) => unknown;

/** Of `@nestjs/graphql` and `graphql`, as far as it is looked at. */
interface Driver {
  start(options: DriverOptions): unknown;
}

interface DriverOptions {
  subscriptions?: { 'graphql-ws'?: boolean | GraphqlWsHooks };
  installSubscriptionHandlers?: boolean;
  schema?: {
    getSubscriptionType?(): { getFields(): Record<string, { subscribe?: Subscribe }> } | null | undefined;
  };
}

/**
 * Gives the GraphQL operations of an application that come over graphql-ws their units of work; those that come over HTTP
 * are in the one of their request. To be called before `@nestjs/graphql` starts its server.
 */
export function openAtSubscriptions(modules: ModulesContainer, opener: WebsocketOpener): void {
  for (const { metatype, instance } of modules.values()) {
    if (metatype?.name !== 'GraphQLModule') continue;
    const driver = (instance as { graphQlAdapter?: Partial<Driver> } | undefined)?.graphQlAdapter;
    if (typeof driver?.start === 'function') openAtDriver(driver as Driver, opener);
  }
}

function openAtDriver(driver: Driver, opener: WebsocketOpener): void {
  const { start } = driver;
  driver.start = (options) => {
    const subscriptions = subscriptionsOf(options);
    const server = subscriptions?.['graphql-ws'];
    if (server) {
      const hooks = server === true ? {} : server;
      // These options are of this application alone, what they hold is the user's.
      options.subscriptions = { ...subscriptions, 'graphql-ws': withConnections(hooks, opener) };
      holdSources(options.schema);
    }
    return start.call(driver, options);
  };
}

function subscriptionsOf({
  subscriptions,
  installSubscriptionHandlers,
}: DriverOptions): DriverOptions['subscriptions'] {
  return subscriptions || (installSubscriptionHandlers ? { 'graphql-ws': {} } : undefined);
}

const holding = new WeakSet<Subscribe>();

/** Has the operation that a subscription is made for know where its events come from. */
function holdSources(schema: DriverOptions['schema']): void {
  for (const field of Object.values(schema?.getSubscriptionType?.()?.getFields() ?? {})) {
    const { subscribe } = field;
    if (subscribe === undefined || holding.has(subscribe)) continue;
    const held: Subscribe = function (...args) {
      const operation = GraphqlOperation.current();
      const source = subscribe.apply(this, args);
      if (operation === undefined) return source;
      const hold = (stream: unknown) => (isAsyncIterable(stream) ? operation.subscribed(stream) : stream);
      return isThenable(source) ? Promise.resolve(source).then(hold) : hold(source);
    };
    holding.add(held);
    field.subscribe = held;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function';
}
