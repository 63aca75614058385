import type { Caller } from '../identity/caller.js';
import type { Role } from '../identity/identity.variables.js';

/** What the background job saw of the request that started it. */
export interface Receipt extends Omit<Caller, 'correlationId'> {
  readonly orderId: string;
  readonly status: 'written';
  readonly role: Role;
  /** As it is printed. */
  readonly text: string;
}

export interface PendingReceipt {
  readonly orderId: string;
  readonly status: 'pending';
}
