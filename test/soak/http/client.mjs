// The load: connections that are kept alive, on which bursts of requests are pipelined and compared with their answers,
// and which now and then are given up at any point.

import { connect } from 'node:net';
import { randomFrom } from '../carriers/random.mjs';
import { drawBurst } from './bursts.mjs';
import { Connection } from './connection.mjs';
import { kinds } from './kinds.mjs';

/** What has become of a request. */
export const SENT = 1;
export const ANSWERED = 2;
/** The client left before the answer had come in full. */
export const ABORTED = 3;
/** It was queued behind others and was to be cut itself: the server had to drop it with the connection. */
export const CUT = 4;
export const LOST = 5;

/** In ms without any answer, until what is outstanding counts as lost. */
const STALL = 30_000;

export class Client {
  /** By the number of a request. */
  states;
  kinds;
  crossed = 0;
  /** Answers that are not what the kind of the request says. */
  wrong = 0;
  lost = 0;
  connections = 0;
  /** Most requests that were under way at once. */
  most = 0;
  examples = [];
  #port;
  #random;
  #seed;
  #concurrency;
  #idle = [];
  #open = new Set();
  #underWay = 0;
  #sent = 0;
  #limit = 0;
  #drained;
  #lastAnswer = 0;
  #closing = false;

  constructor({ port, requests, concurrency, seed }) {
    this.#port = port;
    this.#random = randomFrom(seed);
    this.#seed = seed;
    this.#concurrency = concurrency;
    this.states = new Uint8Array(requests);
    this.kinds = new Array(requests).fill('');
    // Bursts are two requests long on average.
    for (let i = 0; i < concurrency; i += 2) this.#connect();
  }

  /** Sends until so many have been sent in all, and waits for what is to become of each. */
  async sendUpTo(limit) {
    this.#limit = limit;
    this.#lastAnswer = performance.now();
    const watch = setInterval(() => this.#giveUpIfStalled(), 500);
    await new Promise((resolve) => {
      this.#drained = resolve;
      this.#sendMore();
    });
    clearInterval(watch);
  }

  close() {
    this.#closing = true;
    for (const connection of this.#open) connection.socket.destroy();
  }

  #connect() {
    this.connections += 1;
    const connection = new Connection(connect(this.#port, '127.0.0.1'), this);
    this.#open.add(connection);
  }

  ready(connection) {
    this.#idle.push(connection);
    this.#sendMore();
  }

  answered({ n, name }, { status, id, body }) {
    this.#lastAnswer = performance.now();
    const expected = kinds[name];
    if (id !== `r${n}`) this.#fault('crossed', `request ${n} (${name}) was answered with the id ${id}`);
    const expectedBody = expected.body?.(n) ?? body;
    if (status !== expected.status || body !== expectedBody)
      this.#fault('wrong', `request ${n} (${name}) was answered ${status} ${JSON.stringify(body)}`);
    this.#settle(n, ANSWERED);
  }

  /** After the client has said that it leaves. */
  answeredLeaving({ n, name }, { id }) {
    if (id !== `r${n}`) this.#fault('crossed', `request ${n} (${name}) was answered with the id ${id}`);
    this.#settle(n, ABORTED);
  }

  /** `left` were not answered; `begun` is the answer of the first of them, where one has begun. */
  closed(connection, left, begun) {
    this.#open.delete(connection);
    this.#idle = this.#idle.filter((other) => other !== connection);
    for (const request of left) {
      const { n, name } = request;
      if (connection.leaving) this.#settle(n, ABORTED);
      else if (kinds[name].cut && begun !== undefined && request === left[0]) this.answered(request, begun);
      else if (connection.ends === name) this.#settle(n, CUT);
      else this.#lose(request);
    }
    if (!this.#closing) this.#connect();
  }

  #sendMore() {
    while (this.#idle.length > 0 && this.#sent < this.#limit && this.#underWay < this.#concurrency) {
      const most = Math.min(this.#concurrency - this.#underWay, this.#limit - this.#sent);
      const burst = drawBurst({ random: this.#random, seed: this.#seed, first: this.#sent, most });
      for (const { n, name } of burst.requests) {
        this.states[n] = SENT;
        this.kinds[n] = name;
      }
      this.#sent += burst.requests.length;
      this.#underWay += burst.requests.length;
      this.most = Math.max(this.most, this.#underWay);
      this.#idle.pop().send(burst);
    }
    if (this.#underWay === 0 && this.#sent === this.#limit) this.#drained?.();
  }

  #settle(n, state) {
    this.states[n] = state;
    this.#underWay -= 1;
    this.#sendMore();
  }

  #lose({ n, name }) {
    this.#fault('lost', `request ${n} (${name}) was not answered`);
    this.#settle(n, LOST);
  }

  #giveUpIfStalled() {
    if (this.#underWay === 0 || performance.now() - this.#lastAnswer < STALL) return;
    for (const connection of this.#open) connection.giveUp();
  }

  #fault(count, text) {
    this[count] += 1;
    if (this.examples.length < 10) this.examples.push(text);
  }
}
