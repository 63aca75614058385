// A client of one keep-alive connection, one request after the other: what it costs is small beside a server.
import { connect } from 'node:net';

export class Connection {
  #socket;
  #buffer = '';
  #waiting;

  static async to(port) {
    const connection = new Connection();
    connection.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    connection.#socket.setEncoding('latin1');
    await new Promise((resolve, reject) => connection.#socket.once('connect', resolve).once('error', reject));
    connection.#socket.on('data', (chunk) => connection.#read(chunk));
    connection.#socket.on('close', () => connection.#fail(new Error('the server has closed the connection')));
    connection.#socket.on('error', (error) => connection.#fail(error));
    return connection;
  }

  /** Gives the answer: `status`, `headers` and the text of the `body`. */
  get(path, headers) {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#fail(new Error('no answer for ten seconds')), 10_000);
      this.#waiting = {
        resolve: (answer) => resolve(clearTimeout(timer) ?? answer),
        reject: (error) => reject(clearTimeout(timer) ?? error),
      };
      this.#socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n${lines.join('')}\r\n`);
    });
  }

  close() {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #read(chunk) {
    this.#buffer += chunk;
    const end = this.#buffer.indexOf('\r\n\r\n');
    if (end === -1) return;
    const [first, ...lines] = this.#buffer.slice(0, end).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    );
    const length = Number(headers['content-length']);
    if (Number.isNaN(length)) {
      this.#fail(new Error(`an answer without a length: ${first}`));
      return;
    }
    if (this.#buffer.length < end + 4 + length) return;
    const body = this.#buffer.slice(end + 4, end + 4 + length);
    this.#buffer = this.#buffer.slice(end + 4 + length);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({ status: Number(first.split(' ')[1]), headers, body });
  }

  #fail(error) {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error);
  }
}
