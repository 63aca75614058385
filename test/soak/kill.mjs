// Kills the sample application (and its worker) with SIGKILL in the middle of a load of orders, several times, and looks after
// the last start at what became of them: each order that was answered is there, each that is there has its receipt, once,
// written as whoever placed it.
//
//   npm run build:sample && node test/soak/kill.mjs [--kills 3] [--seconds 5] [--tenants 20] [--connections 50]
//
// On the embedded databases, in a folder of its own (or DATA_DIR); with DATABASE_URL, and REDIS_URL if that is set too, on
// servers, with the worker in another process. Ends with 1 where anything is lost or there twice.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openDatabase } from '../../dist-sample/database/open-database.js';
import { headersOf, loadCallers } from '../../dist-sample/load/caller.js';
import { DeskProcesses } from '../../dist-sample/load/desk-processes.js';
import { judge } from '../../dist-sample/load/judge.js';
import { readReceipts } from '../../dist-sample/load/read-receipts.js';
import { LoadRecord } from '../../dist-sample/load/record.js';
import { readSettings } from '../../dist-sample/settings/settings.js';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    tenants: { type: 'string', default: '20' },
    connections: { type: 'string', default: '50' },
  },
});
const [kills, seconds, tenants, connections] = [
  values.kills,
  values.seconds,
  values.tenants,
  values.connections,
].map(Number);

const ownFolder =
  process.env.DATABASE_URL || process.env.DATA_DIR
    ? undefined
    : await mkdtemp(join(tmpdir(), 'order-desk-kill-'));
const env = { ...process.env, LOG_FORMAT: 'json', ...(ownFolder && { DATA_DIR: ownFolder }) };
const settings = readSettings(env);
const withWorker = settings.jobs.workedOffBy === 'worker';
const callers = await loadCallers(tenants);
const record = new LoadRecord();
let sent = 0;

/** Places orders until nobody answers any more. */
async function placeOrders(url) {
  for (;;) {
    const caller = callers[sent % callers.length];
    sent += 1;
    const requestId = `kill.${sent}`;
    try {
      const body = JSON.stringify({ item: requestId, quantity: 1 });
      const response = await fetch(`${url}/orders`, {
        method: 'POST',
        headers: headersOf(caller, requestId),
        body,
      });
      const { id: orderId } = await response.json();
      record.placed({ orderId, caller, requestId });
    } catch {
      return;
    }
  }
}

for (let kill = 1; kill <= kills; kill += 1) {
  const before = record.orders.length;
  const desk = await DeskProcesses.start(env, withWorker);
  const loops = Promise.all(Array.from({ length: connections }, () => placeOrders(desk.url)));
  // Somewhere in the middle, and not while nothing has been placed yet.
  while (record.orders.length === before) await sleep(5);
  await sleep(seconds * 1_000 * (0.5 + Math.random() / 2));
  await desk.stop('SIGKILL');
  await loops;
  console.log(
    `killed ${kill} of ${kills}, with ${record.orders.length - before} orders answered since the start`,
  );
}

const desk = await DeskProcesses.start(env, withWorker);
await readReceipts(desk.url, record);
// What was committed and not answered has to have its receipt too: who is told to stop works off what is there.
await desk.stop();

const database = await openDatabase(settings.database);
const verdict = await judge(database, [...new Set(callers.map(({ tenant }) => tenant))]);
await database.close();
if (ownFolder) await rm(ownFolder, { recursive: true, force: true });

const lost = Math.max(0, record.orders.length - verdict.orders);
const wrong = [...record.crossed, ...record.unexpected, ...verdict.wrongReceipts, ...verdict.foreignRows];
console.log(`${sent} orders sent, ${record.orders.length} answered, ${verdict.orders} there, in ${kills} kills
${lost} answered and not there
${verdict.withoutReceipt.length} without a receipt
${verdict.withTwoReceipts.length} with two
${wrong.length} wrong receipts or rows of another tenant`);
for (const one of [...wrong, ...verdict.withoutReceipt].slice(0, 10)) console.log(`  ${one}`);
process.exitCode =
  lost + verdict.withoutReceipt.length + verdict.withTwoReceipts.length + wrong.length === 0 ? 0 : 1;
