// What the probes share: a variable, units of work that give it a value, and what tells which was read.
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ContextVar, runUnitOfWork } from 'nestjs-contextvars/core';

export { sleep };

/** Whose context it is: the name of a unit of work, `none` outside any. */
export const who = new ContextVar('who', { default: 'none' });

export const see = () => who.get();

/**
 * Runs `fn` in a unit of work called `name`. What it gives is passed around the unit, which would bind a generator or
 * an Observable to itself.
 */
export function within(name, fn) {
  let result;
  runUnitOfWork({ kind: 'probe' }, () => {
    who.set(name);
    result = { of: fn() };
  });
  return result.of;
}

/** A promise with its `resolve`, for callbacks: settles with what that is called with. */
export function later() {
  let resolve;
  const promise = new Promise((given) => {
    resolve = given;
  });
  return { promise, resolve };
}

/** Runs `body(port)` against an HTTP server and closes that. */
export async function withServer(handler, body, listenIn = (fn) => fn()) {
  const server = createServer(handler);
  await listenIn(() => new Promise((resolve) => server.listen(0, '127.0.0.1', resolve)));
  try {
    return await body(server.address().port, server);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Sends `packets` as the body, in as many pieces; gives the text of the answer. */
export async function send(port, packets = [], { path = '/', headers = {}, agent = false } = {}) {
  const method = packets.length === 0 ? 'GET' : 'POST';
  const sent = request({ port, host: '127.0.0.1', path, method, headers, agent });
  for (const packet of packets) {
    sent.write(packet);
    await sleep(10);
  }
  sent.end();
  const response = await new Promise((resolve, reject) => sent.on('response', resolve).on('error', reject));
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return text;
}

/** Where a server is looked for, and how it is called in the line that says that it is missing. */
const servers = {
  postgres: ['POSTGRES_URL', 'postgres://postgres@127.0.0.1:5432/test'],
  mysql: ['MYSQL_URL', 'mysql://root@127.0.0.1:3306/test'],
  redis: ['REDIS_URL', 'redis://127.0.0.1:6379'],
};

export function urlOf(server) {
  const [env, url] = servers[server];
  return process.env[env] ?? url;
}

export function howToRun(server) {
  return `no ${server} at ${urlOf(server)}: start one, or set ${servers[server][0]}`;
}

/** Whether something listens where `server` is looked for. */
export function isThere(server) {
  const { hostname, port } = new URL(urlOf(server));
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const settle = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => settle(false));
    socket.on('connect', () => settle(true)).on('error', () => settle(false));
  });
}
