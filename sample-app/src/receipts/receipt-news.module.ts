import { Module } from '@nestjs/common';
import { ReceiptNews } from './receipt-news.js';

/** One for those who write receipts and those who wait for them. */
@Module({ providers: [ReceiptNews], exports: [ReceiptNews] })
export class ReceiptNewsModule {}
