import { Module } from '@nestjs/common';
import { ReceiptNewsModule } from './receipt-news.module.js';
import { ReceiptsController } from './receipts.controller.js';
import { ReceiptsRepository } from './receipts.repository.js';
import { ReceiptsService } from './receipts.service.js';

/** Shows receipts; those who write them are in JobsModule, in this process or in another. */
@Module({
  imports: [ReceiptNewsModule],
  controllers: [ReceiptsController],
  providers: [ReceiptsService, ReceiptsRepository],
})
export class ReceiptsModule {}
