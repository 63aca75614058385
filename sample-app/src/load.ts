import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDatabase } from './database/open-database.js';
import type { DatabaseHealth } from './health/health.controller.js';
import { loadCallers } from './load/caller.js';
import { DeskProcesses } from './load/desk-processes.js';
import { fire } from './load/fire.js';
import { judge } from './load/judge.js';
import { readReceipts } from './load/read-receipts.js';
import { LoadRecord } from './load/record.js';
import { printReport } from './load/report.js';
import { wrongAudits } from './load/wrong-audits.js';
import { readSettings } from './settings/settings.js';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '10000' },
    connections: { type: 'string', default: '100' },
    tenants: { type: 'string', default: '20' },
  },
});
const [requests, connections, tenants] = [values.requests, values.connections, values.tenants].map(
  Number,
) as [number, number, number];
for (const number of [requests, connections, tenants]) {
  if (!Number.isInteger(number) || number < 1) throw new TypeError('Each option is a whole number from 1 on');
}

const isOnServer = process.env.DATABASE_URL !== undefined;
// What has been there before would be judged too.
const folder =
  isOnServer || process.env.DATA_DIR ? undefined : mkdtempSync(join(tmpdir(), 'order-desk-load-'));
const env = { ...process.env, ...(folder !== undefined && { DATA_DIR: folder }) };
const settings = readSettings(env);

const record = new LoadRecord();
const callers = await loadCallers(tenants);
const desk = await DeskProcesses.start(env, settings.jobs.workedOffBy === 'worker');
const result = await fire(desk.url, { requests, connections }, callers, record);
const began = performance.now();
await readReceipts(desk.url, record);
const receiptsMs = performance.now() - began;
const pool = (await (await fetch(`${desk.url}/health/database`)).json()) as DatabaseHealth;
await desk.stop();

const database = await openDatabase(settings.database);
const verdict = await judge(database, [...new Set(callers.map(({ tenant }) => tenant))]);
const audits = await wrongAudits(database, record);
await database.close();
if (folder !== undefined) rmSync(folder, { recursive: true, force: true });

const isRight = printReport({
  settings,
  requests,
  connections,
  tenants,
  result,
  receiptsMs,
  pool,
  record,
  verdict,
  audits,
});
process.exitCode = isRight ? 0 : 1;
