// Measures the CPU time that servers use for a request, each in a process of its own, under the same load from this one:
// a request on each of 100 keep-alive connections at once, and so on. Meanwhile this process sleeps: where two cores are
// one in truth (hyperthreads), a client at work takes half of the server's speed. What counts is the CPU time of the
// server's process (user and system) over a window of requests, divided by them. The servers take turns, because a machine
// that is shared changes its speed from second to second; what a variant adds to the first one is the median over the
// turns. It differs by some µs from one process to the next of the same code, so there are several rounds with new
// processes, and their median counts.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from './median.mjs';

/** The next message of a child process. */
const message = (child) => new Promise((resolve) => child.once('message', resolve));

/** At most; a server that is quicker than most has its 40,000 requests sooner. */
const WARM_UP_MS = 4000;

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

async function start(file, variant) {
  const args = [...process.execArgv, `${import.meta.dirname}/${file}`, ...variant.split(':')];
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const { port } = await message(server);
  const connections = await Connections.open(port, 100);
  // Until the engine has compiled what it is going to compile, which counts as CPU time of the process too.
  const until = performance.now() + WARM_UP_MS;
  for (let sent = 0; sent < 40_000 && performance.now() < until; sent += 100) await connections.send(100, 0);
  return { variant, server, connections, times: [] };
}

/** Microseconds of server CPU per request. */
async function cpuPerRequest({ server, connections }, requests) {
  server.send('start');
  await message(server);
  await connections.send(requests, 15);
  server.send('stop');
  const { cpu } = await message(server);
  return cpu / requests;
}

/**
 * What each of `variants` (arguments of the server in `file`, with colons between) adds to the first one, in µs per
 * request: the medians of the rounds.
 */
export async function measureServers({ file, variants, rounds, turns, requests }) {
  const added = new Map(variants.map((variant) => [variant, []]));
  const total = new Map(variants.map((variant) => [variant, []]));
  for (let round = 0; round < rounds; round++) {
    const started = [];
    for (const variant of variants) started.push(await start(file, variant));
    for (let turn = 0; turn < turns; turn++) {
      for (const one of turn % 2 === 0 ? started : started.toReversed())
        one.times.push(await cpuPerRequest(one, requests));
    }
    for (const { variant, connections, server, times } of started) {
      total.get(variant).push(median(times));
      added.get(variant).push(median(times.map((time, turn) => time - started[0].times[turn])));
      connections.close();
      server.disconnect();
      await once(server, 'exit');
    }
  }
  return variants.map((variant) => ({
    variant,
    total: median(total.get(variant)),
    added: median(added.get(variant)),
    least: Math.min(...added.get(variant)),
    most: Math.max(...added.get(variant)),
  }));
}

/** Prints them as a table; `what` says what each variant is. */
export function printServers(measured, what) {
  const rows = measured.map(({ variant, total, added, least, most }) => [
    variant,
    {
      'µs CPU per request': total.toFixed(1),
      'added µs': added.toFixed(1),
      'least to most': `${least.toFixed(1)} to ${most.toFixed(1)}`,
      what: what(variant),
    },
  ]);
  console.table(Object.fromEntries(rows));
}
