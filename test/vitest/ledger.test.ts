import { ContextVar, RequestContext, ScopedValue, WithTempContext } from 'nestjs-contextvars';
import { assertNothingLeft, fakeRequestContext, runInTestUnit } from 'nestjs-contextvars/testing';
import { expect, test } from 'vitest';

const tenant = new ContextVar<string>('tenant');
const role = new ScopedValue<'clerk' | 'ledger-writer'>('role');

class Ledger {
  constructor(private readonly context: RequestContext) {}

  @WithTempContext(role.as('ledger-writer'))
  async refund(orderId: string) {
    return `${role.get()} refunds ${orderId} for ${tenant.get()}, request ${this.context.id}`;
  }
}

test('the ledger refunds as ledger-writer, whoever asks', async () => {
  const ledger = new Ledger(fakeRequestContext(RequestContext, { id: 'r-1' }));
  await runInTestUnit({ bindings: [tenant.as('acme'), role.as('clerk')] }, async () => {
    const refunded = await assertNothingLeft(() => ledger.refund('order-1'));
    expect(refunded).toBe('ledger-writer refunds order-1 for acme, request r-1');
    expect(role.get()).toBe('clerk');
  });
});

test.concurrent.each(['acme', 'globex'])(
  'tests that run at once have values of their own: %s',
  async (name) => {
    await runInTestUnit({ bindings: [tenant.as(name)] }, async () => {
      await new Promise(setImmediate);
      expect(tenant.get()).toBe(name);
    });
  },
);
