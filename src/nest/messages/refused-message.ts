import type { EventEmitter } from 'node:events';
import { type Observable, throwError } from 'rxjs';
import { ContextError } from '../../core/index.js';
import type { ArrivedMessage } from './inbound-message.js';
import type { MessageServer } from './message-server.js';

/** The RpcException of `@nestjs/microservices`, which is not loaded here. */
interface RpcError {
  getError(): unknown;
}

/** INVALID_ARGUMENT and INTERNAL of gRPC. */
const GRPC = { invalid: 3, internal: 13 };

/** Whether somebody has written this error for the sender. */
export function isForSender(error: unknown): error is RpcError {
  return typeof (error as Partial<RpcError> | null)?.getError === 'function';
}

/**
 * Answers a message that does not get as far as its guards, as Nest answers for an exception filter; those of the
 * application are not asked. Gives what the handler would have given.
 */
export function refuse(
  { transport, context, takesCall }: ArrivedMessage,
  args: readonly unknown[],
  { noAck }: MessageServer,
  error: unknown,
): Observable<never> | undefined {
  const payload = payloadOf(error, transport === 'grpc');
  if (takesCall) {
    refuseCall(args, payload);
    return undefined;
  }
  if (transport === 'rabbitmq' && noAck === false) discard(context as RabbitContext);
  return throwError(() => payload);
}

function payloadOf(error: unknown, isCall: boolean): object {
  const status = 'error';
  if (isForSender(error)) {
    const said = error.getError();
    return typeof said === 'object' && said !== null ? said : { status, message: said };
  }
  if (error instanceof ContextError && error.code === 'ERR_INVALID_CARRIER') {
    // Not why: that helps only whoever forges one.
    return { status, message: 'Invalid context carrier', code: isCall ? GRPC.invalid : error.code };
  }
  return { status, message: 'Internal server error', ...(isCall && { code: GRPC.internal }) };
}

/** Nest leaves the error of such a handler to nobody: it would be an unhandled rejection. */
function refuseCall([call, callback]: readonly unknown[], payload: object): void {
  if (typeof callback === 'function') callback(payload);
  else (call as EventEmitter).emit('error', payload);
}

interface RabbitContext {
  getChannelRef(): { nack(message: unknown, allUpTo: boolean, requeue: boolean): void };
  getMessage(): unknown;
}

/** As Nest does where nothing handles a message: it would stay unacknowledged, and count against the prefetch limit. */
function discard(context: RabbitContext): void {
  context.getChannelRef().nack(context.getMessage(), false, false);
}
