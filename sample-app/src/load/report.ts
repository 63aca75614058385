import type { CannonResult } from 'autocannon';
import type { DatabaseHealth } from '../health/health.controller.js';
import type { Settings } from '../settings/settings.js';
import type { Verdict } from './judge.js';
import type { LoadRecord } from './record.js';

export interface Findings {
  readonly settings: Settings;
  readonly requests: number;
  readonly connections: number;
  readonly tenants: number;
  readonly result: CannonResult;
  readonly receiptsMs: number;
  readonly pool: DatabaseHealth;
  readonly record: LoadRecord;
  readonly verdict: Verdict;
  readonly audits: string[];
}

/** Says what was seen; true where nothing is wrong. */
export function printReport(findings: Findings): boolean {
  const { settings, requests, connections, tenants, result, receiptsMs, pool, record, verdict, audits } =
    findings;
  const { p50, p90, p99, max } = result.latency;
  const jobs = settings.jobs.redisUrl === undefined ? 'PostgreSQL' : 'Redis';
  console.log(`${requests} requests of ${tenants} tenants, ${connections} at a time, on ${settings.adapter}
database   ${pool.kind}; jobs in ${jobs}, worked off by the ${settings.jobs.workedOffBy}
throughput ${(requests / result.duration).toFixed(0)} requests/s
latency    p50 ${p50} ms, p90 ${p90} ms, p99 ${p99} ms, at most ${max} ms
pool       ${pool.mostOpen} of ${pool.connections} connections, at most ${pool.mostWaiting} waiting, ${pool.transactions} transactions
done       ${verdict.orders} orders, ${verdict.refunds} refunds; all receipts read ${(receiptsMs / 1_000).toFixed(1)} s after the last answer`);
  const lost =
    Math.abs(verdict.orders - record.orders.length) + Math.abs(verdict.refunds - record.refunds.length);
  const wrong = {
    'answers that crossed': record.crossed,
    'answers of another status': record.unexpected,
    'rows of another tenant': [...record.foreignRows, ...verdict.foreignRows],
    'wrong audits': [...audits, ...verdict.wrongAudits],
    'wrong receipts': verdict.wrongReceipts,
    'orders without a receipt': verdict.withoutReceipt,
    'orders with two receipts': verdict.withTwoReceipts,
  };
  let isRight = result.errors === 0 && lost === 0;
  for (const [what, found] of Object.entries(wrong)) {
    console.log(`${String(found.length).padStart(10)} ${what}`);
    for (const one of found.slice(0, 3)) console.log(`           ${one}`);
    isRight &&= found.length === 0;
  }
  console.log(`${String(result.errors).padStart(10)} requests without an answer`);
  console.log(
    `${String(lost).padStart(10)} orders and refunds that were answered and are not there, or the other way round`,
  );
  return isRight;
}
