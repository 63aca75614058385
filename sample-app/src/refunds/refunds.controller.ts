import { Controller, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { type Refund, RefundsService } from './refunds.service.js';

@Controller('orders/:id/refund')
export class RefundsController {
  constructor(private readonly refunds: RefundsService) {}

  @Post()
  @HttpCode(HttpStatus.OK)
  refund(@Param('id') orderId: string): Promise<Refund> {
    return this.refunds.refund(orderId);
  }
}
