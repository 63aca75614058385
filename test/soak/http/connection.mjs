// A connection of the load: sends a burst at a time, reads the answers, and leaves where the burst says so.

import { AnswerReader } from './answers.mjs';
import { kinds } from './kinds.mjs';

export class Connection {
  socket;
  /** The client leaves, or has left. */
  leaving = false;
  /** The kind of the request with which the server closes the connection, if one is under way. */
  ends;
  #client;
  #waiting = [];
  #reader = new AnswerReader((answer) => this.#answered(answer));
  #burst;

  constructor(socket, client) {
    this.socket = socket;
    this.#client = client;
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('connect', () => client.ready(this));
    socket.on('data', (text) => this.#read(text));
    socket.on('error', () => {});
    socket.on('close', () => client.closed(this, this.#waiting, this.#reader.begun));
  }

  send(burst) {
    const { requests, text, split, leaving } = burst;
    const { name } = requests.at(-1);
    this.#burst = burst;
    this.#waiting = [...requests];
    this.ends = kinds[name].cut ? name : undefined;
    if (split === undefined) this.socket.write(text, 'latin1');
    else {
      this.socket.write(text.slice(0, split), 'latin1');
      setImmediate(() => this.socket.writable && this.socket.write(text.slice(split), 'latin1'));
    }
    if (leaving?.moment === 'later') setTimeout(() => this.#leave(burst), leaving.ms);
    else if (leaving?.moment === 'sent' || leaving?.moment === 'unsent')
      setImmediate(() => setImmediate(() => this.#leave(burst)));
  }

  /** Where nothing comes any more. */
  giveUp() {
    if (this.#waiting.length > 0) this.socket.destroy();
  }

  #read(text) {
    const { leaving } = this.#burst;
    if (leaving?.moment === 'answered') this.#leave(this.#burst);
    // To half a request a framework answers at once, in the midst of other answers.
    const isHalf = this.leaving && leaving.moment === 'unsent';
    if (!this.socket.destroyed && !isHalf) this.#reader.read(text);
  }

  #answered(answer) {
    const request = this.#waiting.shift();
    if (request === undefined) throw new Error(`an answer to nothing: ${JSON.stringify(answer)}`);
    if (this.leaving) this.#client.answeredLeaving(request, answer);
    else {
      this.#client.answered(request, answer);
      if (this.#waiting.length === 0) this.#client.ready(this);
    }
  }

  /** Where that has not been answered meanwhile. */
  #leave(burst) {
    if (this.#burst !== burst || this.#waiting.length === 0 || this.leaving) return;
    this.leaving = true;
    this.socket[burst.leaving.way]();
  }
}
