import { Controller, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { ForRoles } from '../identity/for-roles.decorator.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { OrdersService } from '../orders/orders.service.js';

/** For the demo alone: a refund that is written wrong. It answers as if all were well; the audit says what became of it. */
@Controller('orders/:id/refund/detached')
@ForRoles('clerk')
export class DetachedRefundsController {
  constructor(
    private readonly orders: OrdersService,
    private readonly ledger: LedgerService,
  ) {}

  @Post()
  @HttpCode(HttpStatus.ACCEPTED)
  async refund(@Param('id') orderId: string): Promise<{ readonly orderId: string }> {
    await this.orders.find(orderId);
    await this.ledger.creditLater(orderId);
    return { orderId };
  }
}
