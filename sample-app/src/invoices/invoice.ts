/** The name of the queue. */
export const INVOICES = 'invoices';

/** What a worker made of an order, and what it saw of the request that asked for it. */
export interface Invoice {
  readonly orderId: string;
  readonly status: 'written';
  readonly requestId: string;
  readonly correlationId: string;
  readonly tenant: string;
  readonly user: string;
  /** Of the worker: a privilege does not travel with a job. */
  readonly role: string;
  /** The process that wrote it. */
  readonly writtenBy: number;
}

export interface PendingInvoice {
  readonly orderId: string;
  readonly status: 'pending';
}

/** What a job is told; who asked is in its context. */
export interface InvoiceJob {
  readonly orderId: string;
}
