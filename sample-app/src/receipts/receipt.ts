import type { Caller } from '../identity/caller.js';

/** The name of the queue. */
export const RECEIPTS = 'receipts';

/** How many jobs a process works off at a time. */
export const RECEIPTS_AT_ONCE = 20;

/** What a job is told; who asked is in its context. */
export interface ReceiptJob {
  readonly orderId: string;
}

/** What the job saw of the request that placed the order. */
export interface Receipt extends Omit<Caller, 'correlationId'> {
  readonly orderId: string;
  readonly status: 'written';
  /** Of the job: a privilege does not travel with it. */
  readonly role: string;
  /** As it is printed. */
  readonly text: string;
}

export interface PendingReceipt {
  readonly orderId: string;
  readonly status: 'pending';
}
