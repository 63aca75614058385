import { grpcContextInterceptor } from './grpc-interceptor.js';
import type { PropagateOptions } from './propagate-options.js';

/** The parts of ClientGrpcProxy by which it makes the clients of its services, with these options. */
export interface GrpcClient {
  options: { readonly channelOptions?: { readonly interceptors?: readonly unknown[] } };
  readonly clients: ReadonlyMap<string, unknown>;
}

export function propagateByInterceptor(client: GrpcClient, options: PropagateOptions): void {
  if (client.clients.size > 0) {
    const services = [...client.clients.keys()].join(', ');
    throw new TypeError(
      `propagateContext: the gRPC client has given out services already (${services}); call it before getService`,
    );
  }
  const { channelOptions } = client.options;
  const interceptors = [...(channelOptions?.interceptors ?? []), grpcContextInterceptor(options)];
  // Not into those that were given: they may be of several clients.
  client.options = { ...client.options, channelOptions: { ...channelOptions, interceptors } };
}
