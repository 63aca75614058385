import { EventEmitter, once } from 'node:events';
import { Injectable } from '@nestjs/common';
import { TenantRows } from '../tenancy/tenant-rows.js';
import type { PendingReceipt, Receipt } from './receipt.js';

@Injectable()
export class ReceiptsRepository {
  readonly #rows = new TenantRows<Receipt | PendingReceipt>();
  readonly #written = new EventEmitter().setMaxListeners(0);

  save(receipt: Receipt | PendingReceipt): void {
    this.#rows.set(receipt.orderId, receipt);
    if (receipt.status === 'written') this.#written.emit(receipt.orderId);
  }

  find(orderId: string): Receipt | PendingReceipt | undefined {
    return this.#rows.get(orderId);
  }

  /** Waits for a receipt that is being written, but not for long. */
  async written(orderId: string, timeoutMs: number): Promise<void> {
    await once(this.#written, orderId, { signal: AbortSignal.timeout(timeoutMs) }).catch(() => undefined);
  }
}
