// The process that serves, as the one that sends sees it.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export class ServerProcess {
  /** Rejects when it ends without being told to. */
  died;
  #process;
  #said;
  #stopping = false;

  /** `options` are those of server.mjs. */
  constructor(options) {
    const file = fileURLToPath(new URL('server.mjs', import.meta.url));
    const execArgv = ['--expose-gc', ...process.execArgv.filter((flag) => flag !== '--expose-gc')];
    this.#process = fork(file, options, { execArgv, serialization: 'advanced' });
    this.#process.on('message', (message) => this.#said(message));
    this.died = new Promise((_, reject) => {
      this.#process.on('exit', (code) => {
        if (!this.#stopping) reject(new Error(`the server ended with exit code ${code}`));
      });
    });
  }

  /** What it says to that; without being asked it says its port. */
  async says(ask) {
    const message = new Promise((resolve) => {
      this.#said = resolve;
    });
    if (ask !== undefined) this.#process.send({ ask });
    return Promise.race([message, this.died]);
  }

  async stop() {
    this.#stopping = true;
    const exit = once(this.#process, 'exit');
    this.#process.disconnect();
    await exit;
  }
}
