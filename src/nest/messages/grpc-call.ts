import type { EventEmitter } from 'node:events';
import type { ArrivedMessage } from './inbound-message.js';
import type { MessageExchange } from './message-exchange.js';

type Emit = (event: string | symbol, ...args: unknown[]) => boolean;
type Callback = (...args: unknown[]) => unknown;

/** A call of grpc-js, of any kind. */
interface Call extends Omit<EventEmitter, 'emit'> {
  emit: Emit;
  readonly cancelled?: boolean;
}

/** After one of these nothing more is sent. A call that is answered by a callback may be closed before: it is read to its end. */
const OVER: ReadonlySet<string | symbol> = new Set(['finish', 'cancelled', 'close']);
const OVER_BEFORE_ANSWER: ReadonlySet<string | symbol> = new Set(['cancelled']);

/**
 * Makes the listeners of a gRPC call run inside, those by which Nest feeds an Observable of requests too: grpc-js calls
 * them in the context of the connection. Gives what the handler is to be called with.
 */
export function watchCall(message: ArrivedMessage, exchange: MessageExchange): readonly unknown[] {
  const call = message.context as Call;
  // The answer of a handler that takes the call says nothing of when that is over.
  const over = message.takesCall ? exchange.hold() : undefined;
  const overAt = message.args.some(isFunction) ? OVER_BEFORE_ANSWER : OVER;
  const { emit } = call;
  call.emit = (event, ...args) => {
    // Before any listener: what they end is then known to have been given up.
    if (event === 'cancelled') exchange.abandon(callOver());
    try {
      return exchange.join(() => emit.call(call, event, ...args));
    } finally {
      // After the listeners of users.
      if (overAt.has(event)) over?.();
    }
  };
  if (call.cancelled === true) exchange.abandon(callOver());
  return message.args.map((arg) => (isFunction(arg) ? answering(arg, over) : arg));
}

function isFunction(value: unknown): value is Callback {
  return typeof value === 'function';
}

/** How a call without a stream of answers is answered. */
function answering(callback: Callback, over: (() => void) | undefined): Callback {
  return (...args) => {
    try {
      return callback(...args);
    } finally {
      over?.();
    }
  };
}

/** grpc-js says "cancelled" of every call that is over, of one that was answered too. */
function callOver(): DOMException {
  const reason = new DOMException(
    'call over: it was answered, the client has left, or its deadline has passed',
    'AbortError',
  );
  // A stack that nobody has read holds what its functions were called on: the call, for as long as the signal is held.
  void reason.stack;
  return reason;
}
