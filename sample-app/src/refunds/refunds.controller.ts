import { Controller, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { ForRoles } from '../identity/for-roles.decorator.js';
import { type Refund, RefundsService } from './refunds.service.js';

@Controller('orders/:id/refund')
@ForRoles('clerk')
export class RefundsController {
  constructor(private readonly refunds: RefundsService) {}

  @Post()
  @HttpCode(HttpStatus.OK)
  refund(@Param('id') orderId: string): Promise<Refund> {
    return this.refunds.refund(orderId);
  }
}
