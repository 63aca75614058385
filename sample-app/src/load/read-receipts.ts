import { headersOf } from './caller.js';
import type { Done, LoadRecord } from './record.js';

const AT_ONCE = 20;

/** Waits until each order has its receipt, as it has to be. */
export async function readReceipts(url: string, record: LoadRecord): Promise<void> {
  const rest = record.orders.values();
  const reader = async () => {
    for (const order of rest) await readReceipt(url, order, record);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, reader));
}

async function readReceipt(
  url: string,
  { orderId, caller, requestId }: Done,
  record: LoadRecord,
): Promise<void> {
  const expected = { orderId, status: 'written', requestId, tenant: caller.tenant, user: caller.name };
  for (;;) {
    const response = await fetch(`${url}/receipts/${orderId}`, {
      headers: headersOf(caller, `${requestId}.receipt`),
    });
    const body = (await response.json()) as Record<string, unknown>;
    if (response.status === 202) continue;
    if (response.status !== 200) record.unexpected.push(`receipt of ${orderId}: ${response.status}`);
    for (const [key, value] of Object.entries(expected)) {
      if (body[key] !== value) record.crossed.push(`receipt of ${orderId}: ${key} is ${body[key]}`);
    }
    return;
  }
}
