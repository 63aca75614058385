import type { Caller } from '../identity/caller.service.js';

/** What the background job saw of the request that started it. */
export interface Receipt extends Omit<Caller, 'correlationId'> {
  readonly orderId: string;
  readonly status: 'written';
}

export interface PendingReceipt {
  readonly orderId: string;
  readonly status: 'pending';
}
