// The claim guarded here: with ids and a `setup` that sets one variable, the module adds at most 12 µs of server
// CPU to a request on Fastify. Beside it, in the same run: the same application without the module, with the
// middleware of nestjs-cls, with a floor (one `als.run`, a UUID and a header), with parts of the module switched off
// or on, and with a Nest interceptor that does nothing.
//
// Each variant is a server in a process of its own, under the same load from this one: a request on each of 100
// keep-alive connections at once, and so on. Meanwhile this process sleeps: where two cores are one in truth
// (hyperthreads), a client at work takes half of the server's speed. What counts is the CPU time of the server's process
// (user and system) over a window of requests, divided by them. The servers take turns, because a machine that is shared
// changes its speed from second to second; what a variant adds is the median over the turns. It differs by some µs from
// one process to the next of the same code, so there are several rounds with new processes, and their median counts.

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
    rounds: { type: 'string', default: '7' },
    turns: { type: 'string', default: '10' },
    requests: { type: 'string', default: '1000' },
    variants: { type: 'string', default: Object.keys(VARIANTS).join() },
  },
});
const rounds = Number(values.rounds);
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

  /** A request on each connection, then nothing for so many ms: the time that the server needs to answer them all. */
  async send(count, pauseMs) {
    for (let sent = 0; sent < count; sent += this.#sockets.length) {
      for (const socket of this.#sockets) socket.write(REQUEST);
      await sleep(pauseMs);
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
  // Until the engine has compiled what it is going to compile, which counts as CPU time of the process too.
  await connections.send(40_000, 0);
  return { variant, server, connections, times: [] };
}

/** Microseconds of server CPU per request. */
async function cpuPerRequest({ server, connections }) {
  server.send('start');
  await message(server);
  await connections.send(requests, 15);
  server.send('stop');
  const { cpu } = await message(server);
  return cpu / requests;
}

console.log(
  `node ${process.version} ${process.execArgv.join(' ')}, ${rounds} rounds of ${turns} turns of ${requests} requests\n`,
);
const added = new Map(variants.map((variant) => [variant, []]));
const total = new Map(variants.map((variant) => [variant, []]));
for (let round = 0; round < rounds; round++) {
  const started = [];
  for (const variant of variants) started.push(await start(variant));
  for (let turn = 0; turn < turns; turn++) {
    for (const one of turn % 2 === 0 ? started : started.toReversed())
      one.times.push(await cpuPerRequest(one));
  }
  for (const { variant, connections, server, times } of started) {
    total.get(variant).push(median(times));
    added.get(variant).push(median(times.map((time, turn) => time - started[0].times[turn])));
    connections.close();
    server.disconnect();
    await once(server, 'exit');
  }
}

console.table(
  Object.fromEntries(
    variants.map((variant) => {
      const own = added.get(variant);
      return [
        variant,
        {
          'µs CPU per request': median(total.get(variant)).toFixed(1),
          'added µs': median(own).toFixed(1),
          'least to most': `${Math.min(...own).toFixed(1)} to ${Math.max(...own).toFixed(1)}`,
          what: VARIANTS[variant],
        },
      ];
    }),
  ),
);
if (variants.includes('nestjs-contextvars')) {
  const own = median(added.get('nestjs-contextvars'));
  console.log(
    `nestjs-contextvars adds ${own.toFixed(1)} µs, claimed <= 12: ${own <= 12 ? 'holds' : 'does not hold'}`,
  );
}
