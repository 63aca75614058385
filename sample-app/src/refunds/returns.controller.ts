import { Body, Controller, HttpCode, HttpStatus, Post } from '@nestjs/common';
import { ForRoles } from '../identity/for-roles.decorator.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { NewOrderPipe } from '../orders/new-order.pipe.js';
import type { NewOrder } from '../orders/order.js';
import { OrdersService } from '../orders/orders.service.js';
import { type Refund, RefundsService } from './refunds.service.js';

/** For the demo alone: orders that come back at once, so that one request shows all there is to see. */
@Controller('returns')
@ForRoles('clerk')
export class ReturnsController {
  constructor(
    private readonly orders: OrdersService,
    private readonly refunds: RefundsService,
    private readonly ledger: LedgerService,
  ) {}

  @Post()
  async return(@Body(NewOrderPipe) wanted: NewOrder): Promise<Refund> {
    const { id } = await this.orders.place(wanted);
    return this.refunds.refund(id);
  }

  /** The refund is written wrong, as that of DetachedRefundsController. */
  @Post('detached')
  @HttpCode(HttpStatus.ACCEPTED)
  async returnDetached(@Body(NewOrderPipe) wanted: NewOrder): Promise<{ readonly orderId: string }> {
    const { id } = await this.orders.place(wanted);
    await this.ledger.creditLater(id);
    return { orderId: id };
  }
}
