// The claim guarded here: with ids and a `setup` that sets one variable, the module adds at most 12 µs of server
// CPU to a request on Fastify. Beside it, in the same run: the same application without the module, with the
// middleware of nestjs-cls, with a floor (one `als.run`, a UUID and a header), with parts of the module switched off
// or on, and with a Nest interceptor that does nothing.
//
// Each variant is a server in a process of its own, under the same load from this one: a request on each of 100
// keep-alive connections at once, and so on. Meanwhile this process sleeps: where two cores are one in truth
// (hyperthreads), a client at work takes half of the server's speed. What counts is the CPU time of the server's process
// (user and system) over a window of requests, divided by them. The servers take turns, because a machine that is shared
// changes its speed from second to second; what a variant adds is the median over the turns.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { median } from './median.mjs';

/** The arguments of request-server.mjs. */
const VARIANTS = {
  bare: 'the application alone',
  floor: 'als.run, a UUID and a header',
  'nestjs-cls': 'its middleware, with an id and one value set',
  'nestjs-contextvars': 'with ids and one variable set',
  'without-answer': 'the same, with respondWithIds: false',
  'with-onEnd': 'the same, with an onEnd, which takes an interceptor',
  interceptor: 'the application with an interceptor of its own that does nothing',
};

const { values } = parseArgs({
  options: {
    turns: { type: 'string', default: '40' },
    requests: { type: 'string', default: '1000' },
    variants: { type: 'string', default: Object.keys(VARIANTS).join() },
  },
});
const turns = Number(values.turns);
const requests = Number(values.requests);
const variants = values.variants.split(',');

/** The next message of a child process. */
const message = (child) => new Promise((resolve) => child.once('message', resolve));

const REQUEST = 'GET /hello HTTP/1.1\r\nhost: localhost\r\n\r\n';

/** Keep-alive connections to a server. */
class Connections {
  #sockets = [];

  static async open(port, count) {
    const opened = new Connections();
    for (let i = 0; i < count; i++) {
      const socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
      await once(socket, 'connect');
      socket.pause();
      opened.#sockets.push(socket);
    }
    return opened;
  }

  /** A request on each connection, and nothing else until the server has had the time to answer them all. */
  async send(count) {
    for (let sent = 0; sent < count; sent += this.#sockets.length) {
      for (const socket of this.#sockets) socket.write(REQUEST);
      await sleep(25);
      await Promise.all(this.#sockets.map(answered));
    }
  }

  close() {
    for (const socket of this.#sockets) socket.destroy();
  }
}

async function answered(socket) {
  socket.resume();
  const [answer] = await once(socket, 'data');
  socket.pause();
  if (!answer.startsWith('HTTP/1.1 200') || !answer.endsWith('{"hello":"world"}'))
    throw new Error(`unexpected answer: ${answer}`);
}

async function start(variant) {
  const args = [...process.execArgv, `${import.meta.dirname}/request-server.mjs`, variant];
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const { port } = await message(server);
  const connections = await Connections.open(port, 100);
  await connections.send(10_000);
  return { variant, server, connections, times: [] };
}

/** Microseconds of server CPU per request. */
async function cpuPerRequest({ server, connections }) {
  server.send('start');
  await message(server);
  await connections.send(requests);
  server.send('stop');
  const { cpu } = await message(server);
  return cpu / requests;
}

console.log(
  `node ${process.version} ${process.execArgv.join(' ')}, ${turns} turns of ${requests} requests\n`,
);
const started = [];
for (const variant of variants) started.push(await start(variant));
for (let turn = 0; turn < turns; turn++) {
  for (const one of turn % 2 === 0 ? started : [...started].reverse())
    one.times.push(await cpuPerRequest(one));
}
for (const { connections, server } of started) {
  connections.close();
  server.disconnect();
}

const [bare] = started;
const added = ({ times }) => median(times.map((time, turn) => time - bare.times[turn]));
console.table(
  Object.fromEntries(
    started.map((one) => [
      one.variant,
      {
        'µs CPU per request': median(one.times).toFixed(1),
        fastest: Math.min(...one.times).toFixed(1),
        'added µs': added(one).toFixed(1),
        what: VARIANTS[one.variant],
      },
    ]),
  ),
);
const own = started.find(({ variant }) => variant === 'nestjs-contextvars');
if (own !== undefined) {
  const holds = added(own) <= 12 ? 'holds' : 'does not hold';
  console.log(`nestjs-contextvars adds ${added(own).toFixed(1)} µs, claimed <= 12: ${holds}`);
}
