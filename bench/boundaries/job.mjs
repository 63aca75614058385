// The claim guarded here: with three variables set, `contextTelemetry` adds at most half to the CPU time of a BullMQ job whose processor does nothing, from
// where it is added to where it has been worked off. On a Redis of its own (`redis-server`); without one it is left out.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { inFreshProcess, inRounds } from '../harness/rounds.mjs';
import { OWN } from '../harness/subjects.mjs';

const child = `${import.meta.dirname}/job.child.mjs`;
const BARE = 'BullMQ alone';
const JOB = 'BullMQ job';

export const benchmark = {
  title: 'A job',
  reference: BARE,
  rounds: 2,
  needs: spawnSync('redis-server', ['--version']).error === undefined ? undefined : 'redis-server',
  async run(rounds) {
    const [redis, port] = await startRedis();
    try {
      const subjects = [BARE, 'a telemetry that does nothing', OWN];
      const samples = await inRounds(subjects, rounds, (subject) =>
        inFreshProcess(child, [String(port), subject]),
      );
      return subjects.map((subject, i) => ({
        operation: JOB,
        subject,
        unit: 'µs of CPU',
        samples: samples[i],
      }));
    } finally {
      redis.kill();
      await once(redis, 'exit');
    }
  },
  claims: (of) => [of.times(JOB, OWN, BARE, 1.5)],
};

async function startRedis() {
  const port = await freePort();
  const redis = spawn('redis-server', ['--port', String(port), '--save', '', '--appendonly', 'no']);
  let said = '';
  for await (const text of redis.stdout) {
    said += text;
    if (said.includes('Ready to accept connections')) break;
  }
  return [redis, port];
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
