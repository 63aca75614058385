// Joins the lines of a log by request, as whoever looks for an error does:
//   LOG_FORMAT=json npm start | tee orders.log
//   node test/logs/join.mjs orders.log [--request ID | --json]
// Prints for each request how many lines it has and what they say of who asked; with --request the lines of that one, with
// --json all records by request. Exits with 1 where two lines of one request do not agree on who asked.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** What all lines of a request have in common, as soon as they have it. */
const OWN = ['correlationId', 'tenant', 'user', 'client'];

const { values, positionals } = parseArgs({
  options: { request: { type: 'string' }, json: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const requests = new Map();
const others = [];
const broken = [];
for (const line of readFileSync(positionals[0] ?? 0, 'utf8').split('\n')) {
  if (line === '') continue;
  const record = recordOf(line);
  if (record === undefined) broken.push(line);
  else if (record.requestId === undefined) others.push(record);
  else requests.set(record.requestId, [...(requests.get(record.requestId) ?? []), record]);
}
const disagreeing = [...requests].filter(([, records]) => disagreements(records).length > 0);

if (values.json) {
  console.log(JSON.stringify({ requests: Object.fromEntries(requests), others, broken }));
} else if (values.request !== undefined) {
  for (const { level, context, message } of requests.get(values.request) ?? []) {
    console.log(level, `[${context}]`, message);
  }
} else {
  for (const [requestId, records] of requests) {
    const fields = OWN.map((key) => `${key}=${valuesOf(records, key).join('|')}`).join(' ');
    console.log(`${requestId}: ${records.length} lines, ${fields}`);
  }
  console.log(
    `${requests.size} requests, ${others.length} lines of none, ${broken.length} that are no records`,
  );
}
for (const [requestId, records] of disagreeing) {
  console.error(`${requestId}: its lines do not agree on ${disagreements(records).join(' and ')}`);
}
process.exitCode = disagreeing.length === 0 ? 0 : 1;

function disagreements(records) {
  return OWN.filter((key) => valuesOf(records, key).length > 1);
}

function valuesOf(records, key) {
  return [...new Set(records.map((record) => record[key]).filter((value) => value !== undefined))];
}

function recordOf(line) {
  try {
    const record = JSON.parse(line);
    return typeof record === 'object' && record !== null ? record : undefined;
  } catch {
    return undefined;
  }
}
