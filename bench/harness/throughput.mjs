import autocannon from 'autocannon';
import { median } from './statistics.mjs';

/** Of one run, about. */
const MS = 300;

/** Requests per second of a server under as many as it can answer, by autocannon. */
export async function throughput(server, row) {
  // Once: it is beside the CPU time, and no claim is made of it.
  if (row.perSecond !== undefined) return;
  const amount = Math.max(200, Math.round((MS * 1000) / median(row.samples)));
  const begun = performance.now();
  const { errors, non2xx } = await autocannon({ url: server.url, connections: 50, amount });
  if (errors > 0 || non2xx > 0) throw new Error(`${errors} errors and ${non2xx} refusals of ${server.url}`);
  row.perSecond = [(amount / (performance.now() - begun)) * 1000];
}
