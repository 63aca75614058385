// Measures the CPU time that servers use for a request, each in a process of its own, under the same load from this one:
// a request on each of 100 keep-alive connections at once, and so on. Meanwhile this process sleeps: where two cores are
// one in truth (hyperthreads), a client at work takes half of the server's speed. What counts is the CPU time of the
// server's process (user and system) over a window of requests, divided by them. The servers take turns on one core, because
// a machine that is shared changes its speed from core to core and from second to second; what a variant adds to the first
// one is the median over the turns. It differs by some µs from one process to the next of the same code, so there are
// several rounds with new processes, and their median counts.

import { Server } from './server.mjs';
import { median } from './statistics.mjs';

/** Until the engine has compiled what it is going to compile, which counts as CPU time of the process too. */
const WARM_UP_REQUESTS = 20_000;
/** At most. */
const WARM_UP_CPU_MS = 1500;
/** Of CPU in one turn, at least. */
const TURN_MS = 60;

async function started(variant) {
  const server = await Server.start(variant.args);
  await variant.prepare?.(server);
  const { count } = server.connections;
  let us = 0;
  let used = 0;
  for (let sent = 0; sent < WARM_UP_REQUESTS && used < WARM_UP_CPU_MS * 1000; sent += 5 * count) {
    us = await server.cpuPerRequest(5, 0);
    used += us * 5 * count;
  }
  const burstMs = (us * count) / 1000;
  server.pin();
  return {
    variant,
    server,
    bursts: Math.max(1, Math.round(TURN_MS / burstMs)),
    pauseMs: Math.ceil(burstMs * 1.2) + 1,
    times: [],
  };
}

/**
 * What a request costs each of `variants` (`{ operation, subject, args }`, and `prepare`, which is called with the server before it is measured), in µs, and what that is more than the first one of
 * the same `group` (`added`). `finish` is called with each server and its row before it is stopped.
 */
export async function measureServers({ variants, rounds, turns, finish }) {
  const rows = variants.map(({ operation, subject, x }) => ({
    operation,
    subject,
    x,
    unit: 'µs of CPU',
    samples: [],
    added: [],
  }));
  for (let round = 0; round < rounds; round++) {
    const running = [];
    // Two at once: as many as there are cores.
    for (let i = 0; i < variants.length; i += 2)
      running.push(...(await Promise.all(variants.slice(i, i + 2).map(started))));
    for (let turn = 0; turn < turns; turn++) {
      for (const one of turn % 2 === 0 ? running : running.toReversed())
        one.times.push(await one.server.cpuPerRequest(one.bursts, one.pauseMs));
    }
    for (const [i, { server, times, variant }] of running.entries()) {
      const bare = running.find((other) => other.variant.group === variant.group).times;
      rows[i].samples.push(median(times));
      rows[i].added.push(median(times.map((time, turn) => time - bare[turn])));
      await finish?.(server, rows[i]);
      await server.stop();
    }
  }
  return rows;
}
