import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Connections } from './connections.mjs';
import { pin } from './pin.mjs';

const APPLICATION = `${import.meta.dirname}/../requests/application.mjs`;

/** An application of requests/application.mjs in a process of its own, and connections to it. */
export class Server {
  #process;
  #port;
  #connections;

  static async start(args, { flags = [], connections = 100, path } = {}) {
    const server = new Server();
    server.#process = spawn(process.execPath, [...process.execArgv, ...flags, APPLICATION, ...args], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, NODE_ENV: 'production' },
    });
    const died = once(server.#process, 'exit').then(() => {
      throw new Error(`the server ${args.join(' ')} has not started`);
    });
    const ready = server.message();
    await Promise.race([died, ready]);
    died.catch(() => {});
    server.#port = (await ready).port;
    server.#connections = await Connections.open(server.#port, connections, path);
    return server;
  }

  /** From now on on one core, as all that take turns. */
  pin() {
    pin(this.#process.pid);
  }

  get connections() {
    return this.#connections;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}/hello`;
  }

  message() {
    return new Promise((resolve) => this.#process.once('message', resolve));
  }

  ask(word) {
    const answer = this.message();
    this.#process.send(word);
    return answer;
  }

  /** Microseconds of its CPU per request, over so many requests on each connection. */
  async cpuPerRequest(bursts, pauseMs) {
    await this.ask('start');
    for (let i = 0; i < bursts; i++) await this.#connections.send(pauseMs);
    const { cpu } = await this.ask('stop');
    return cpu / (bursts * this.#connections.count);
  }

  async stop() {
    this.#connections.close();
    const gone = once(this.#process, 'exit');
    this.#process.disconnect();
    await gone;
  }
}
