// The claims guarded here, in server CPU per request on Fastify, of which one of the registered providers is used:
// at 10 providers, context-scoped ones add at least 15 times less (Node 24: 7 times) than the proxies of nestjs-cls, and than
// Scope.REQUEST; at 200 they add at most 1.3 times what they add at 10. Added is to the same application with
// singletons. Ours answers without the two id headers here, as the rivals do; requests.mjs has what those cost. How it is
// measured: server-cpu.mjs.

import { parseArgs } from 'node:util';
import { measureServers, printServers } from './server-cpu.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    turns: { type: 'string', default: '4' },
    requests: { type: 'string', default: '500' },
    kinds: { type: 'string', default: 'singletons,nestjs-contextvars,nestjs-cls,scope-request' },
    counts: { type: 'string', default: '1,10,50,200' },
  },
});
const [rounds, turns, requests] = [values.rounds, values.turns, values.requests].map(Number);
const counts = values.counts.split(',').map(Number);

const WHAT = {
  singletons: 'singletons',
  'nestjs-contextvars': 'context-scoped: ContextModule without ids in the answer, scopedProvider',
  'nestjs-cls': 'proxy providers: ClsModule with its middleware, forFeature',
  'scope-request': 'Scope.REQUEST',
};

console.log(
  `node ${process.version} ${process.execArgv.join(' ')}, ${rounds} rounds of ${turns} turns of ${requests} requests`,
);
const added = new Map();
for (const count of counts) {
  const variants = values.kinds.split(',').map((kind) => `${kind}:${count}`);
  const measured = await measureServers({ file: 'scoped-server.mjs', variants, rounds, turns, requests });
  console.log(`\n${count} registered, one used`);
  printServers(measured, (variant) => WHAT[variant.split(':')[0]]);
  for (const one of measured) added.set(one.variant, one.added);
}

const least = Number(process.versions.node.split('.')[0]) >= 24 ? 7 : 15;
for (const rival of ['nestjs-cls', 'scope-request']) {
  if (!added.has(`${rival}:10`)) continue;
  const times = added.get(`${rival}:10`) / added.get('nestjs-contextvars:10');
  const holds = times >= least ? 'holds' : 'does not hold';
  console.log(`at 10 ${rival} adds ${times.toFixed(1)} times as much, claimed >= ${least}: ${holds}`);
}
if (counts.includes(10) && counts.includes(200)) {
  const times = added.get('nestjs-contextvars:200') / added.get('nestjs-contextvars:10');
  const holds = times <= 1.3 ? 'holds' : 'does not hold';
  console.log(`at 200 ours adds ${times.toFixed(2)} times what it adds at 10, claimed <= 1.3: ${holds}`);
}
