import { Injectable, NotFoundException } from '@nestjs/common';
import { Transactional } from '@nestjs-cls/transactional';
import type { PendingReceipt, Receipt } from './receipt.js';
import { ReceiptNews } from './receipt-news.js';
import { ReceiptsRepository } from './receipts.repository.js';

const PATIENCE_MS = 10_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

@Injectable()
export class ReceiptsService {
  constructor(
    private readonly receipts: ReceiptsRepository,
    private readonly news: ReceiptNews,
  ) {}

  /** Waits for a receipt that is being written, but not for long. */
  async read(orderId: string): Promise<Receipt | PendingReceipt> {
    const patient = AbortSignal.timeout(PATIENCE_MS);
    for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(2 * ms, LONGEST_PAUSE_MS)) {
      const receipt = await this.find(orderId);
      if (receipt.status === 'written' || patient.aborted) return receipt;
      // Not in a transaction: there are not so many connections that one could be kept for waiting.
      await this.news.wait(orderId, ms);
    }
  }

  @Transactional()
  protected async find(orderId: string): Promise<Receipt | PendingReceipt> {
    const receipt = await this.receipts.find(orderId);
    if (!receipt) throw new NotFoundException(`There is no receipt of an order '${orderId}'`);
    return receipt;
  }
}
