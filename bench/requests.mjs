// The claim guarded here: with ids and a `setup` that sets one variable, the module adds at most 12 µs of server
// CPU to a request on Fastify. Beside it, in the same run: the same application without the module, with the
// middleware of nestjs-cls, with a floor (one `als.run`, a UUID and a header), with parts of the module switched off
// or on, and with a Nest interceptor that does nothing. How it is measured: server-cpu.mjs.

import { parseArgs } from 'node:util';
import { measureServers, printServers } from './server-cpu.mjs';

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
    rounds: { type: 'string', default: '5' },
    turns: { type: 'string', default: '10' },
    requests: { type: 'string', default: '1000' },
    variants: { type: 'string', default: Object.keys(VARIANTS).join() },
  },
});
const [rounds, turns, requests] = [values.rounds, values.turns, values.requests].map(Number);
const variants = values.variants.split(',');

console.log(
  `node ${process.version} ${process.execArgv.join(' ')}, ${rounds} rounds of ${turns} turns of ${requests} requests\n`,
);
const measured = await measureServers({ file: 'request-server.mjs', variants, rounds, turns, requests });
printServers(measured, (variant) => VARIANTS[variant]);
const own = measured.find(({ variant }) => variant === 'nestjs-contextvars');
if (own !== undefined && variants[0] === 'bare') {
  const holds = own.added <= 12 ? 'holds' : 'does not hold';
  console.log(`nestjs-contextvars adds ${own.added.toFixed(1)} µs, claimed <= 12: ${holds}`);
}
