import type { DynamicModule, Provider } from '@nestjs/common';
import {
  type ClientGrpc,
  ClientGrpcProxy,
  ClientKafka,
  ClientMqtt,
  ClientNats,
  ClientProxy,
  ClientRMQ,
} from '@nestjs/microservices';
import { firstLoaded, wrongArgument } from '../../core/internal.js';
import {
  type HeaderPlace,
  inHeaders,
  inMetadata,
  inPublishOptions,
  type PacketClient,
  propagateByPackets,
} from './client-packets.js';
import { type GrpcClient, propagateByInterceptor } from './grpc-client.js';
import { inUserProperties, type MqttClient } from './mqtt-properties.js';
import { inNatsHeaders, type NatsClient } from './nats-headers.js';
import { checkedOptions, type PropagateOptions } from './propagate-options.js';

/** A client of any transport, or a module of clients. */
export type Propagating = Pick<ClientProxy, 'send' | 'emit'> | ClientGrpc | DynamicModule;

const propagating = firstLoaded('microservices.propagating', () => new WeakSet<ClientProxy>());

/**
 * Makes a client of a microservice send the context of the sender with every request and event, as the carrier that
 * `injectContext` writes: the ids of request and conversation, and the variables that have a codec. What comes back
 * runs where it was subscribed to. Where a client does so already, nothing changes.
 *
 * @param target A client, or what `ClientsModule.register` or `registerAsync` gives, for each client of it.
 * @throws TypeError where it is neither, or the client of gRPC has given out services already.
 * What cannot be carried (`ERR_NOT_PORTABLE`, `ERR_INVALID_CARRIER`) is the error of the message, which is not sent.
 *
 * @example
 * \@Module({ imports: [propagateContext(ClientsModule.register([{ name: 'BILLING', transport: Transport.NATS }]))] })
 * class AppModule {}
 */
export function propagateContext<T extends Propagating>(target: T, options?: PropagateOptions): T {
  const where = 'propagateContext';
  const given = checkedOptions(where, options);
  if (target instanceof ClientProxy) return propagate(target as T & ClientProxy, given);
  const { module, providers } = (target ?? {}) as Partial<DynamicModule>;
  if (module === undefined) throw wrongArgument(where, 'a ClientProxy or what ClientsModule gives', target);
  return { ...target, providers: providers?.map((provider) => propagatingProvider(provider, given)) ?? [] };
}

function propagate<C extends ClientProxy>(client: C, options: PropagateOptions): C {
  if (propagating.has(client)) return client;
  if (client instanceof ClientGrpcProxy) propagateByInterceptor(client as unknown as GrpcClient, options);
  else propagateByPackets(client as unknown as PacketClient, placeOf(client), options);
  propagating.add(client);
  return client;
}

/** Where a message of this transport has its headers. */
function placeOf(client: ClientProxy): HeaderPlace {
  if (client instanceof ClientNats) return inNatsHeaders(client as unknown as NatsClient);
  if (client instanceof ClientMqtt) return inUserProperties(client as unknown as MqttClient);
  if (client instanceof ClientRMQ) return inPublishOptions;
  if (client instanceof ClientKafka) return inHeaders;
  return inMetadata;
}

function propagatingProvider(provider: Provider, options: PropagateOptions): Provider {
  const each = (made: unknown): unknown => (made instanceof ClientProxy ? propagate(made, options) : made);
  if ('useValue' in provider) return { ...provider, useValue: each(provider.useValue) };
  if (!('useFactory' in provider)) return provider;
  const { useFactory } = provider;
  return {
    ...provider,
    useFactory(...args) {
      const made: unknown = useFactory(...args);
      return made instanceof Promise ? made.then(each) : each(made);
    },
  };
}
