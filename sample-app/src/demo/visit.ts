import type { Order } from '../orders/order.js';
import type { AnswerCheck } from './answer-check.js';
import type { DeskClient } from './desk-client.js';

/** What one user does at the desk, several things at a time, and what has to come back. */
export async function visit(client: DeskClient, check: AnswerCheck): Promise<void> {
  const { name: user, tenant, role } = client.user;

  const [who, tea, ink] = await Promise.all([
    client.get('/whoami'),
    client.post('/orders', { item: 'tea', quantity: 1 }),
    client.post('/orders', { item: 'ink', quantity: 2 }),
  ]);
  check.expect(who, { requestId: who.requestId, tenant, user, role });
  check.expect(tea, { item: 'tea', tenant, placedBy: user });
  check.expect(ink, { item: 'ink', tenant, placedBy: user });

  const statement = await client.get('/statement');
  check.expect(statement, { tenant, user });
  check.expectPricesOf(statement, tenant);

  const { id: orderId } = tea.body as Order;
  const { id: refunded } = ink.body as Order;
  const [receipt, refund, orders, again] = await Promise.all([
    client.get(`/receipts/${orderId}`),
    client.post(`/orders/${refunded}/refund`),
    client.get('/orders'),
    client.get('/whoami'),
  ]);
  // Written by a job, to which no role travels.
  check.expect(receipt, { orderId, requestId: tea.requestId, tenant, user, role: 'none' });
  check.expect(refund, {
    ledger: { orderId: refunded, quantity: -2, role: 'ledger-writer' },
    audit: { role, seen: [role, role, role, role] },
    after: { role },
  });
  check.expectRowsOf(orders, tenant);
  check.expect(again, { requestId: again.requestId, tenant, user, role });
}
