// The ways in which the run opens units of work: by the functions of the library, and by requests over HTTP.

import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { createTask, preserveContext, runUnitOfWork } from 'nestjs-contextvars';
import { AnswerReader } from '../soak/http/answers.mjs';
import { openRequests, work } from './application.mjs';

const preserved = preserveContext(() => work());

/** Each opens `count` units and waits for their ends. */
export function openersOf(apps) {
  const requests = (app) => {
    const { port } = app.getHttpServer().address();
    const overHttp = (count) => pipelined(port, count);
    overHttp.eachOnItsOwn = (count) => eachOnItsOwn(port, count);
    return overHttp;
  };
  return {
    runUnitOfWork: (count) => times(count, () => runUnitOfWork({ kind: 'leak' }, () => work())),
    createTask: (count) => times(count, () => createTask(() => work())),
    'preserved call': (count) => times(count, () => preserved()),
    'request on Express': requests(apps.Express),
    'request on Fastify': requests(apps.Fastify),
  };
}

async function times(count, openOne) {
  for (let i = 0; i < count; i++) await openOne();
}

const REQUEST = 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n';
const CONNECTIONS = 10;
const DEPTH = 10;

/** On connections that are closed afterwards. */
async function pipelined(port, count) {
  const shares = Array.from({ length: CONNECTIONS }, (_, i) => Math.floor((count + i) / CONNECTIONS));
  await Promise.all(shares.map((share) => onOneConnection(port, share)));
  await haveEnded();
}

async function onOneConnection(port, count) {
  const connection = await Connection.open(port);
  for (let left = count; left > 0; left -= DEPTH) await connection.send(Math.min(left, DEPTH));
  await connection.close();
}

/** Each on a connection that stays open until it is told to close. */
async function eachOnItsOwn(port, count) {
  const connections = [];
  for (let i = 0; i < count; i++) {
    const connection = await Connection.open(port);
    await connection.send(1);
    connections.push(connection);
  }
  await haveEnded();
  return async () => {
    await Promise.all(connections.splice(0).map((connection) => connection.close()));
  };
}

async function haveEnded() {
  const until = performance.now() + 10_000;
  while (openRequests() > 0) {
    if (performance.now() > until) throw new Error(`${openRequests()} requests have not ended`);
    await wait(1);
  }
}

class Connection {
  #socket;
  #left = 0;
  #answered = () => {};

  static async open(port) {
    const connection = new Connection();
    connection.#socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
    await once(connection.#socket, 'connect');
    const reader = new AnswerReader(({ status, body }) => connection.#count(status, body));
    connection.#socket.on('data', (text) => reader.read(text));
    return connection;
  }

  send(count) {
    this.#left = count;
    this.#socket.write(REQUEST.repeat(count));
    return new Promise((resolve) => {
      this.#answered = resolve;
    });
  }

  async close() {
    this.#socket.destroy();
    await once(this.#socket, 'close');
  }

  #count(status, body) {
    if (status !== 200) throw new Error(`answered ${status} ${body}`);
    this.#left -= 1;
    if (this.#left === 0) this.#answered();
  }
}
