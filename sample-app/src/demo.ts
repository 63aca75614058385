import 'reflect-metadata';
import { createApp } from './create-app.js';
import { AnswerCheck } from './demo/answer-check.js';
import { DeskClient } from './demo/desk-client.js';
import { visit } from './demo/visit.js';
import { demoUsers } from './identity/demo-users.js';
import { openServices } from './services.js';
import { readSettings } from './settings/settings.js';
import { spanTree } from './tracing/span-tree.js';
import { startTracing } from './tracing/tracing.js';

const settings = readSettings(process.env);
const tracing = startTracing();
const services = await openServices(settings);
const app = await createApp(services, settings);
await app.listen(0, '127.0.0.1');
const address = await app.getUrl();
console.log(
  `Order desk on ${settings.adapter}: ${address}. Four users of two tenants ask at the same time:\n`,
);

const check = new AnswerCheck();
const clerks = demoUsers.filter(({ role }) => role === 'clerk');
const clients = clerks.map((user) => new DeskClient(address, user));
await Promise.all(clients.map((client) => visit(client, check)));
await app.close();
await services.close();

if (check.crossed.length > 0) {
  console.error(`\nCROSSED:\n${check.crossed.join('\n')}`);
  process.exitCode = 1;
} else {
  // Of whom nobody knows that others have asked meanwhile: the second request placed an order, the sixth gave a refund.
  for (const requestId of ['ada-2', 'ada-6']) {
    console.log(`\nThe spans of ${requestId}:`);
    for (const line of spanTree(tracing.spansOf(requestId))) console.log(`  ${line}`);
  }
  console.log(`
What this showed, with up to ${DeskClient.mostInFlight} requests in flight at once:
- all ${check.answers} answers carried the request id, tenant and user of their own caller, and nobody else's;
- receipts, written in the background after the answer, kept the request id of their order;
- each refund was written as ledger-writer, while the audit beside it, in the same request, read clerk;
- each statement has the prices of its own tenant, which its own request looked up in one go.`);
}
