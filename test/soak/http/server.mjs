// The process of the soak that serves: started by http.mjs, which sends it the load. Says its port, answers `sample` with
// the bytes of its heap when every unit of work has ended, and `result` with its ledger.

import { subscribe } from 'node:diagnostics_channel';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startApplication } from './application.mjs';
import { heapInUse } from './heap.mjs';
import { Ledger } from './ledger.mjs';

const { values } = parseArgs({
  options: { adapter: { type: 'string' }, requests: { type: 'string' }, sabotage: { type: 'string' } },
});
const ledger = new Ledger(Number(values.requests));

process.on('unhandledRejection', (error) =>
  ledger.fault('unhandled', `unhandled rejection: ${error?.stack}`),
);
process.on('uncaughtException', (error) => ledger.fault('unhandled', `uncaught: ${error?.stack}`));
process.on('warning', (warning) => ledger.fault('unhandled', `warning: ${warning.stack}`));

subscribe('nestjs-contextvars:unit:start', ({ unit }) => {
  ledger.open += 1;
  if (unit.kind === 'http') ledger.begun[Number(unit.id.slice(1))] += 1;
});
subscribe('nestjs-contextvars:unit:end', ({ unit }) => {
  ledger.open -= 1;
  if (unit.kind === 'http') ledger.ended[Number(unit.id.slice(1))] += 1;
});

const { adapter, sabotage } = values;
const app = await startApplication({ adapter, ledger, sabotage });

/** Of the requests so far; one that does not end within `limitMs` will not. */
async function settled(limitMs = 5_000) {
  const until = performance.now() + limitMs;
  while (ledger.open > 0 && performance.now() < until) await wait(1);
  // Timers that requests have left running hold their contexts.
  await wait(20);
}

process.on('message', async ({ ask }) => {
  await settled();
  process.send(ask === 'sample' ? { bytes: await heapInUse() } : ledger.result());
});
process.on('disconnect', () => process.exit());
process.send({ port: app.getHttpServer().address().port });
