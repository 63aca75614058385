import { Controller, Get, HttpStatus, Param, Res } from '@nestjs/common';
import type { PendingReceipt, Receipt } from './receipt.js';
import { ReceiptsService } from './receipts.service.js';

/** What Express and Fastify have in common. */
interface Reply {
  status(code: number): unknown;
}

@Controller('receipts')
export class ReceiptsController {
  constructor(private readonly receipts: ReceiptsService) {}

  @Get(':orderId')
  async read(
    @Param('orderId') orderId: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Receipt | PendingReceipt> {
    const receipt = await this.receipts.read(orderId);
    if (receipt.status === 'pending') reply.status(HttpStatus.ACCEPTED);
    return receipt;
  }
}
