import 'reflect-metadata';
import { createApp } from './create-app.js';
import { AnswerCheck } from './demo/answer-check.js';
import { DeskClient } from './demo/desk-client.js';
import { visit } from './demo/visit.js';
import { demoUsers } from './identity/demo-users.js';
import { readSettings } from './settings.js';

const { adapter } = readSettings(process.env);
const app = await createApp(adapter);
await app.listen(0, '127.0.0.1');
const address = await app.getUrl();
console.log(`Order desk on ${adapter}: ${address}. Four users of two tenants ask at the same time:\n`);

const check = new AnswerCheck();
const clients = demoUsers.map((user) => new DeskClient(address, user));
await Promise.all(clients.map((client) => visit(client, check)));
await app.close();

if (check.crossed.length > 0) {
  console.error(`\nCROSSED:\n${check.crossed.join('\n')}`);
  process.exitCode = 1;
} else {
  console.log(`
What this showed, with up to ${DeskClient.mostInFlight} requests in flight at once:
- all ${check.answers} answers carried the request id, tenant and user of their own caller, and nobody else's;
- receipts, written in the background after the answer, kept the request id of their order;
- each refund was written as ledger-writer, while the audit beside it, in the same request, read clerk;
- each statement has the prices of its own tenant, which its own request looked up in one go.`);
}
