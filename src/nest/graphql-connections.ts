import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { GraphqlOperation } from './graphql-operation.js';
import type { WebsocketConnection } from './websocket-connection.js';
import type { WebsocketOpener } from './websocket-opener.js';

/** What graphql-ws knows of one connection. */
interface Connection {
  readonly extra?: { readonly socket?: EventEmitter; readonly request?: IncomingMessage };
}

type Hook = (connection: Connection, ...rest: unknown[]) => unknown;

/** The hooks of graphql-ws's server that are taken here; structural, so that nothing here loads it. */
export interface GraphqlWsHooks {
  onConnect?: Hook | undefined;
  onDisconnect?: Hook | undefined;
  onClose?: Hook | undefined;
  onPing?: Hook | undefined;
  onPong?: Hook | undefined;
  onSubscribe?: Hook | undefined;
  onOperation?: Hook | undefined;
  onError?: Hook | undefined;
  onComplete?: Hook | undefined;
}

/** Gives each connection of a graphql-ws server a unit of work, and each operation over it one in a fork of that. */
export function withConnections<O extends GraphqlWsHooks>(options: O, opener: WebsocketOpener): O {
  const connections = new WeakMap<Connection, WebsocketConnection>();

  const inConnection =
    (hook: Hook): Hook =>
    (given, ...rest) => {
      const connection = connections.get(given);
      const call = () => hook(given, ...rest);
      return connection === undefined ? call() : connection.serve(call);
    };

  const { onConnect, onDisconnect, onClose, onPing, onPong } = options;
  const { onSubscribe, onOperation, onError, onComplete } = options;
  return {
    ...options,
    ...(onDisconnect && { onDisconnect: inConnection(onDisconnect) }),
    ...(onPing && { onPing: inConnection(onPing) }),
    ...(onPong && { onPong: inConnection(onPong) }),
    onConnect: (given: Connection, ...rest: unknown[]) => {
      const connection = opener.open(given.extra?.request);
      connections.set(given, connection);
      if (given.extra?.socket !== undefined) receiveInside(given.extra.socket, connection);
      return connection.serve(() => onConnect?.(given, ...rest));
    },
    onClose: (given: Connection, ...rest: unknown[]) => {
      connections.get(given)?.disconnect();
      return onClose && inConnection(onClose)(given, ...rest);
    },
    onSubscribe: (given: Connection, ...rest: unknown[]) => {
      GraphqlOperation.current()?.claim();
      return onSubscribe?.(given, ...rest);
    },
    onOperation: async (given: Connection, ...rest: unknown[]) => {
      const operation = GraphqlOperation.current();
      const replaced = await onOperation?.(given, ...rest);
      const result = replaced || rest[3];
      return operation !== undefined && isAsyncIterable(result) ? operation.events(result) : replaced;
    },
    onError: async (given: Connection, ...rest: unknown[]) => {
      const operation = GraphqlOperation.current();
      try {
        return await onError?.(given, ...rest);
      } finally {
        // Of a subscription that goes on, its completion is still to be told.
        if (operation?.subscribes === false) operation.end();
      }
    },
    onComplete: async (given: Connection, ...rest: unknown[]) => {
      const operation = GraphqlOperation.current();
      try {
        return await onComplete?.(given, ...rest);
      } finally {
        operation?.end();
      }
    },
  };
}

/** Everything that graphql-ws does for a message, the waiting for events too, it does in the context that the message came in. */
function receiveInside(socket: EventEmitter, connection: WebsocketConnection): void {
  const emit = socket.emit.bind(socket);
  const receive = (event: string | symbol, ...args: unknown[]): boolean => {
    if (event === 'close') connection.abandon();
    if (event !== 'message') return connection.enter(() => emit(event, ...args));
    const operation = new GraphqlOperation(connection);
    return operation.receive(() => deliver(socket, args, operation));
  };
  Object.defineProperty(socket, 'emit', {
    value: receive,
    configurable: true,
    writable: true,
    enumerable: false,
  });
}

/** As `emit` does it, which throws away what listeners give: of graphql-ws's, the promise of the end of the operation. */
function deliver(socket: EventEmitter, message: unknown[], operation: GraphqlOperation): boolean {
  // With what `once` has put around a listener, which takes it off.
  const listeners = socket.rawListeners('message');
  for (const listener of listeners) operation.handle(() => Reflect.apply(listener, socket, message));
  return listeners.length > 0;
}

export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return (
    typeof (value as Partial<AsyncIterable<unknown>> | null | undefined)?.[Symbol.asyncIterator] ===
    'function'
  );
}
