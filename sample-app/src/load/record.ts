import type { LoadCaller } from './caller.js';

/** An order that was answered, or a refund. */
export interface Done {
  readonly orderId: string;
  readonly caller: LoadCaller;
  readonly requestId: string;
}

/** What the callers have done, as they were told, and what was wrong in the answers. */
export class LoadRecord {
  readonly orders: Done[] = [];
  readonly refunds: Done[] = [];
  readonly crossed: string[] = [];
  readonly foreignRows: string[] = [];
  readonly unexpected: string[] = [];
  readonly #refundable = new Map<string, string[]>();

  placed(done: Done): void {
    this.orders.push(done);
    const { tenant } = done.caller;
    this.#refundable.set(tenant, [...(this.#refundable.get(tenant) ?? []), done.orderId].slice(-20));
  }

  /** An order of the tenant that nobody has asked to refund yet. */
  takeRefundable(tenant: string): string | undefined {
    return this.#refundable.get(tenant)?.shift();
  }

  /** Placed some time ago, so that its receipt may be there. */
  earlierOrderOf(tenant: string): string | undefined {
    return this.#refundable.get(tenant)?.[0];
  }
}
