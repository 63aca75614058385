import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { until } from './until.js';

/** The text of a request as it goes over the wire. */
export function requestText(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): string {
  const length = method === 'GET' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const lines = Object.entries({ host: 'localhost', ...length, ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return [`${method} ${path} HTTP/1.1`, ...lines, '', body].join('\r\n');
}

/** A connection on which a test decides what is sent when, and when the client leaves. */
export class RawConnection {
  readonly socket: Socket;
  received = '';

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('latin1').on('data', (text) => {
      this.received += text;
    });
    // A server that destroys the connection is part of what is tested.
    socket.on('error', () => {});
  }

  static async open(port: number, host = '127.0.0.1'): Promise<RawConnection> {
    const socket = connect(port, host);
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  write(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Waits until `text` has come, `times` times. */
  async receive(text: string, times = 1): Promise<void> {
    await until(`'${text}' was received ${times} times`, () => this.received.split(text).length > times);
  }

  /** The client goes away without a word. */
  async leave(): Promise<void> {
    if (this.socket.destroyed) return;
    const closed = once(this.socket, 'close');
    this.socket.destroy();
    await closed;
  }
}
