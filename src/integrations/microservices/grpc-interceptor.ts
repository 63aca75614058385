import { CARRIER_KEY } from '../../core/internal.js';
import { currentCarrier, resumeHere } from './outgoing-context.js';
import type { PropagateOptions } from './propagate-options.js';

/** What an interceptor of grpc-js works with, structurally: the package need not be there. */
export interface GrpcMetadata {
  clone(): GrpcMetadata;
  set(name: string, value: string): void;
  remove(name: string): void;
}

type Receive = (...args: never[]) => unknown;
type GrpcListener = Partial<Record<'onReceiveMetadata' | 'onReceiveMessage' | 'onReceiveStatus', Receive>>;

export interface GrpcCall {
  start(metadata: GrpcMetadata, listener?: GrpcListener): void;
}

/**
 * An interceptor of grpc-js that sends the context of the caller with each call, and gives what comes back to the caller
 * where the call was made; for clients that Nest has not made. For those that it has, see `propagateContext`.
 *
 * @example
 * const client = new OrdersClient(url, credentials, { interceptors: [grpcContextInterceptor()] });
 */
export function grpcContextInterceptor(
  options: PropagateOptions = {},
): <O, C extends GrpcCall>(callOptions: O, nextCall: (callOptions: O) => C) => C {
  return (callOptions, nextCall) => {
    const call = nextCall(callOptions);
    const { start } = call;
    call.start = (metadata, listener) => {
      // Not in that of the caller: it may be of several calls.
      const own = metadata.clone();
      const carrier = currentCarrier(options);
      if (carrier === undefined) own.remove(CARRIER_KEY);
      else own.set(CARRIER_KEY, carrier);
      start.call(call, own, listener && resumed(listener));
    };
    return call;
  };
}

/** The connection calls back in the context of the call that opened it. */
function resumed(listener: GrpcListener): GrpcListener {
  const here = resumeHere();
  // With one parameter: by that grpc-js tells this kind of listener from the other.
  const receive =
    (name: keyof GrpcListener) =>
    (received: unknown): unknown =>
      here(() => (listener[name] as ((received: unknown) => unknown) | undefined)?.call(listener, received));
  return {
    onReceiveMetadata: receive('onReceiveMetadata'),
    onReceiveMessage: receive('onReceiveMessage'),
    onReceiveStatus: receive('onReceiveStatus'),
  };
}
