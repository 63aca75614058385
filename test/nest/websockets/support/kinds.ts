import type { INestApplication } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { io, type ManagerOptions, type SocketOptions } from 'socket.io-client';
import { WebSocket } from 'ws';
import { until } from '../../http/support/until.js';

export interface Answer {
  readonly event: string;
  readonly data: any;
}

/** One client of a gateway, whatever the protocol. */
export interface Client {
  /** Everything that the server has sent, in order. */
  readonly received: Answer[];
  send(event: string, data?: unknown): void;
  /** Waits for the next message from the server that is called `event`. */
  next(event: string): Promise<any>;
  close(): void;
  /** Whether the server has closed the connection, or the client has. */
  readonly closed: boolean;
}

export interface Kind {
  readonly name: string;
  adapt(app: INestApplication): void;
  connect(port: number, headers?: Record<string, string>): Promise<Client>;
}

class Inbox {
  readonly received: Answer[] = [];
  readonly #taken = new Map<string, number>();

  async next(event: string): Promise<any> {
    const taken = this.#taken.get(event) ?? 0;
    this.#taken.set(event, taken + 1);
    const those = () => this.received.filter((answer) => answer.event === event);
    await until(`the server has sent '${event}'`, () => those().length > taken);
    return those()[taken]?.data;
  }
}

export const plain: Kind = {
  name: 'ws',
  adapt: (app) => void app.useWebSocketAdapter(new WsAdapter(app)),
  async connect(port, headers = {}) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { headers });
    const inbox = new Inbox();
    socket.on('message', (message) => inbox.received.push(JSON.parse(String(message))));
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return {
      received: inbox.received,
      send: (event, data) => socket.send(JSON.stringify({ event, data })),
      next: (event) => inbox.next(event),
      close: () => socket.close(),
      get closed() {
        return socket.readyState >= WebSocket.CLOSING;
      },
    };
  },
};

/** With the default adapter of Nest where none is given. */
export const socketIo = (
  name: string,
  options: Partial<ManagerOptions & SocketOptions>,
  adapt: Kind['adapt'] = () => {},
): Kind => ({
  name,
  adapt,
  async connect(port, headers = {}) {
    const socket = ioSocket(port, { ...options, extraHeaders: headers });
    const inbox = new Inbox();
    socket.onAny((event, data) => inbox.received.push({ event, data }));
    await new Promise((resolve, reject) => {
      socket.once('connect', () => resolve(undefined));
      socket.once('connect_error', reject);
    });
    return {
      received: inbox.received,
      send: (event, data) => void socket.emit(event, data),
      next: (event) => inbox.next(event),
      close: () => void socket.close(),
      get closed() {
        return !socket.connected && socket.io.engine.readyState === 'closed';
      },
    };
  },
});

export function ioSocket(
  port: number,
  options: Partial<ManagerOptions & SocketOptions> = {},
  namespace = '/',
) {
  return io(`http://127.0.0.1:${port}${namespace}`, { reconnection: false, forceNew: true, ...options });
}

export const kinds: Kind[] = [
  plain,
  socketIo('socket.io', { transports: ['websocket'] }),
  socketIo('socket.io over polling', { transports: ['polling'] }, (app) =>
    app.useWebSocketAdapter(new IoAdapter(app)),
  ),
];
