import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Keep-alive connections to a server, on which requests are sent by hand: a client that does little else. */
export class Connections {
  #sockets = [];
  #request;

  static async open(port, count, path = '/hello') {
    const opened = new Connections();
    opened.#request = `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`;
    opened.#sockets = await Promise.all(
      Array.from({ length: count }, async () => {
        const socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
        await once(socket, 'connect');
        socket.once('close', () => socket.emit('error', new Error('the server has closed the connection')));
        return socket.pause();
      }),
    );
    return opened;
  }

  get count() {
    return this.#sockets.length;
  }

  /** A request on each connection, then nothing for so many ms: the time that the server needs to answer them all. */
  async send(pauseMs) {
    this.ask();
    if (pauseMs > 0) await sleep(pauseMs);
    await this.answered();
  }

  ask() {
    for (const socket of this.#sockets) socket.write(this.#request);
  }

  async answered() {
    await Promise.all(this.#sockets.map(answer));
  }

  close() {
    for (const socket of this.#sockets) socket.removeAllListeners('close').destroy();
  }
}

async function answer(socket) {
  socket.resume();
  const [text] = await once(socket, 'data');
  socket.pause();
  if (!text.startsWith('HTTP/1.1 200') || !text.endsWith('{"hello":"world"}'))
    throw new Error(`unexpected answer: ${text}`);
}
