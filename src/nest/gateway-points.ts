import type { IncomingMessage } from 'node:http';
import type { NestInterceptor, WebSocketAdapter } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { outsideAny } from '../core/internal.js';
import { GatewayMessage } from './gateway-message.js';
import type { WebsocketConnection } from './websocket-connection.js';
import type { WebsocketOpener } from './websocket-opener.js';

type Callback = (...args: unknown[]) => unknown;
type Handler = Parameters<WebSocketAdapter['bindMessageHandlers']>[1][number];

/** What one application does with what comes by an adapter. */
export interface GatewayRoom {
  readonly opener: WebsocketOpener;
  /** What populates the contexts of messages; undefined where nothing does. */
  readonly populating: NestInterceptor | undefined;
}

const rooms = new WeakMap<object, GatewayRoom>();
const connections = new WeakMap<object, WebsocketConnection>();

/** The connection of a client: what the adapter gives to gateways. */
export function connectionOf(client: unknown): WebsocketConnection | undefined {
  return typeof client === 'object' && client !== null ? connections.get(client) : undefined;
}

/**
 * Every adapter passes here before the first gateway is bound to it: the one that the application was given, or Nest's
 * own. What it calls is what Nest runs guards, pipes, interceptors and filters in; `bound` is called before.
 */
export function openAtGateways(config: ApplicationConfig, room: GatewayRoom, bound: () => void): void {
  const { getIoAdapter } = config;
  config.getIoAdapter = () => {
    bound();
    const adapter = getIoAdapter.call(config) as WebSocketAdapter | undefined;
    if (adapter !== undefined && adapter !== null) openAtAdapter(adapter, room);
    return adapter as WebSocketAdapter;
  };
}

function openAtAdapter(adapter: WebSocketAdapter, room: GatewayRoom): void {
  const known = rooms.has(adapter);
  rooms.set(adapter, room);
  if (known) return;
  const { create, bindClientConnect, bindClientDisconnect, bindMessageHandlers } = adapter;
  const leaving = bindClientDisconnect?.bind(adapter);

  // The server must not keep what the application was started in.
  adapter.create = (...args) => outsideAny(() => create.apply(adapter, args));

  adapter.bindClientConnect = (server, callback) => {
    const connected = (client: unknown, ...rest: unknown[]): unknown =>
      connect(adapter, client, rest, leaving).enter(() => (callback as Callback)(client, ...rest));
    return bindClientConnect.call(adapter, server, connected);
  };

  if (leaving !== undefined) {
    adapter.bindClientDisconnect = (client, callback) =>
      leaving(client, (...args: unknown[]) => {
        const connection = connectionOf(client);
        if (connection === undefined) return (callback as Callback)(...args);
        connection.disconnect();
        return connection.enter(() => (callback as Callback)(...args));
      });
  }

  adapter.bindMessageHandlers = (client, handlers, transform) => {
    const connection = connectionOf(client);
    if (connection === undefined) return bindMessageHandlers.call(adapter, client, handlers, transform);
    const { populating } = rooms.get(adapter) ?? room;
    return bindMessageHandlers.call(
      adapter,
      client,
      handlers.map((handler) => opened(handler, connection, populating)),
      (answer) => GatewayMessage.of(answer)?.deliver(answer, transform) ?? transform(answer),
    );
  };
}

/** The connection of `client`, which several gateways on one server are told of. */
function connect(
  adapter: WebSocketAdapter,
  client: unknown,
  rest: readonly unknown[],
  leaving: ((client: unknown, callback: Callback) => unknown) | undefined,
): WebsocketConnection {
  const known = connectionOf(client);
  if (known !== undefined) return known;
  const { opener } = rooms.get(adapter) as GatewayRoom;
  const connection = opener.open(handshakeOf(client, rest));
  connections.set(client as object, connection);
  // Before anybody is told of the client: one who is turned away in `handleConnection` has left by the time that Nest asks.
  outsideAny(() => leaving?.(client, () => connection.disconnect()));
  return connection;
}

/** `ws` gives it with the client, Socket.IO keeps it there. */
function handshakeOf(client: unknown, rest: readonly unknown[]): IncomingMessage | undefined {
  const candidates = [rest[0], (client as { request?: unknown } | undefined)?.request];
  return candidates.find(isRequest);
}

function isRequest(candidate: unknown): candidate is IncomingMessage {
  const { headers } = (candidate ?? {}) as Partial<IncomingMessage>;
  return typeof headers === 'object' && headers !== null;
}

function opened(
  handler: Handler,
  connection: WebsocketConnection,
  populating: NestInterceptor | undefined,
): Handler {
  const callback = (...args: unknown[]) =>
    new GatewayMessage(connection, populating).handle(() => handler.callback(...args));
  return { ...handler, callback: callback as Handler['callback'] };
}
