// The claim guarded here: with ids and a `setup` that sets one variable, the module adds at most 12 µs of server
// CPU to a request on Fastify. Beside it, in the same run: the same application without the module, with the
// middleware of nestjs-cls, and with a floor: one `als.run`, a UUID and a header.
//
// Each variant is a server in a process of its own, under the same load from this one; its CPU time (user and
// system) over the counted requests, divided by them. Rounds alternate in order; differences are taken within a round.

import { spawn } from 'node:child_process';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, requests: { type: 'string', default: '6000' } },
});
const rounds = Number(values.rounds);
const requests = Number(values.requests);
const VARIANTS = ['bare', 'floor', 'nestjs-cls', 'nestjs-contextvars'];

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** The next message of a child process. */
const message = (child) => new Promise((resolve) => child.once('message', resolve));

function get(port, agent) {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', path: '/hello', agent }, (response) => {
      response.resume();
      response.on('end', () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`${response.statusCode}`)),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}

/**
 * `count` requests in bursts of ten every 4 ms, whatever the server makes of them: at full load, the slower server
 * would also pay for waking up a client that waits for it.
 */
async function load(port, agent, count) {
  const sent = [];
  while (sent.length < count) {
    for (let i = 0; i < 10; i++) sent.push(get(port, agent));
    await sleep(4);
  }
  await Promise.all(sent);
}

/** Microseconds of server CPU per request. */
async function cpuPerRequest(variant) {
  const args = [...process.execArgv, `${import.meta.dirname}/request-server.mjs`, variant];
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  try {
    const { port } = await message(server);
    await load(port, agent, 4000);
    server.send('start');
    await message(server);
    await load(port, agent, requests);
    server.send('stop');
    const { cpu } = await message(server);
    return cpu / requests;
  } finally {
    agent.destroy();
    server.kill();
  }
}

const samples = new Map(VARIANTS.map((variant) => [variant, []]));
console.log(
  `node ${process.version} ${process.execArgv.join(' ')}, ${rounds} rounds of ${requests} requests\n`,
);
for (let round = 0; round < rounds; round++) {
  for (const variant of round % 2 === 0 ? VARIANTS : [...VARIANTS].reverse()) {
    samples.get(variant).push(await cpuPerRequest(variant));
  }
}

const bare = samples.get('bare');
const rows = VARIANTS.map((variant) => {
  const times = samples.get(variant);
  const added = times.map((time, round) => time - bare[round]);
  return [
    variant,
    {
      'µs CPU per request': median(times).toFixed(1),
      spread: `${Math.min(...times).toFixed(1)} - ${Math.max(...times).toFixed(1)}`,
      'added µs': median(added).toFixed(1),
    },
  ];
});
console.table(Object.fromEntries(rows));
const added = median(samples.get('nestjs-contextvars').map((time, round) => time - bare[round]));
console.log(
  `nestjs-contextvars adds ${added.toFixed(1)} µs, claimed <= 12: ${added <= 12 ? 'holds' : 'does not hold'}`,
);
