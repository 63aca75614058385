import type { CannonRequest } from 'autocannon';
import { headersOf, type LoadCaller } from './caller.js';
import type { LoadRecord } from './record.js';

/** One request: what is sent, and what is looked at in its answer. */
export interface Sent {
  readonly caller: LoadCaller;
  readonly requestId: string;
  readonly request: CannonRequest;
  readonly statuses: readonly number[];
  check(body: Record<string, unknown> & Record<string, unknown>[]): void;
}

type Kind = 'whoami' | 'place' | 'list' | 'receipt' | 'refund';

/** In ten requests of each caller. */
const mixture: readonly Kind[] = [
  'place',
  'whoami',
  'place',
  'list',
  'receipt',
  'whoami',
  'place',
  'refund',
  'whoami',
  'list',
];

/** The n-th request of all. Neighbours, which overlap, are of different tenants. */
export function nthRequest(n: number, callers: readonly LoadCaller[], record: LoadRecord): Sent {
  const caller = callers[n % callers.length] as LoadCaller;
  const kind = mixture[Math.floor(n / callers.length + n) % mixture.length] as Kind;
  return requestOf(kind, caller, `load.${n}`, record) ?? whoami(caller, `load.${n}`, record);
}

function requestOf(kind: Kind, caller: LoadCaller, requestId: string, record: LoadRecord): Sent | undefined {
  const { tenant, name } = caller;
  switch (kind) {
    case 'whoami':
      return whoami(caller, requestId, record);
    case 'place': {
      const order = { item: requestId, quantity: 1 };
      return {
        ...sent(caller, requestId, 'POST', '/orders', order),
        statuses: [201],
        check(body) {
          expectAll(record, requestId, body, { ...order, tenant, placedBy: name });
          record.placed({ orderId: String(body.id), caller, requestId });
        },
      };
    }
    case 'list':
      return {
        ...sent(caller, requestId, 'GET', '/orders?last=20'),
        statuses: [200],
        check(rows) {
          for (const row of rows) {
            if (row.tenant !== tenant) record.foreignRows.push(`${requestId}: ${JSON.stringify(row)}`);
          }
        },
      };
    case 'receipt': {
      const orderId = record.earlierOrderOf(tenant);
      if (orderId === undefined) return undefined;
      return {
        ...sent(caller, requestId, 'GET', `/receipts/${orderId}`),
        // Pending, where there are many.
        statuses: [200, 202],
        check(body) {
          expectAll(record, requestId, body, { orderId });
          if (body.status === 'written') expectAll(record, requestId, body, { tenant, role: 'none' });
        },
      };
    }
    case 'refund': {
      const orderId = record.takeRefundable(tenant);
      if (orderId === undefined) return undefined;
      return {
        ...sent(caller, requestId, 'POST', `/orders/${orderId}/refund`),
        statuses: [200],
        check(body) {
          const { audit, after } = body as { audit?: { role: unknown }; after?: { role: unknown } };
          const roles = { audit: audit?.role, after: after?.role };
          expectAll(record, requestId, body, { orderId });
          expectAll(record, requestId, roles, { audit: 'clerk', after: 'clerk' });
          record.refunds.push({ orderId, caller, requestId });
        },
      };
    }
  }
}

function whoami(caller: LoadCaller, requestId: string, record: LoadRecord): Sent {
  const { tenant, name: user, role } = caller;
  return {
    ...sent(caller, requestId, 'GET', '/whoami'),
    statuses: [200],
    check: (body) => expectAll(record, requestId, body, { requestId, tenant, user, role }),
  };
}

function sent(caller: LoadCaller, requestId: string, method: string, path: string, body?: object) {
  const headers = headersOf(caller, requestId);
  return {
    caller,
    requestId,
    request: { method, path, headers, ...(body && { body: JSON.stringify(body) }) },
  };
}

function expectAll(
  record: LoadRecord,
  requestId: string,
  body: Record<string, unknown>,
  expected: Record<string, unknown>,
): void {
  for (const [key, value] of Object.entries(expected)) {
    if (body[key] !== value) record.crossed.push(`${requestId}: ${key} is ${body[key]}, not ${value}`);
  }
}
