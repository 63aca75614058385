import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ForRoles } from '../identity/for-roles.decorator.js';
import { LastPipe } from './last.pipe.js';
import { NewOrderPipe } from './new-order.pipe.js';
import type { NewOrder, Order } from './order.js';
import { OrdersService } from './orders.service.js';

@Controller('orders')
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Post()
  @ForRoles('clerk')
  place(@Body(NewOrderPipe) wanted: NewOrder): Promise<Order> {
    return this.orders.place(wanted);
  }

  @Get()
  list(@Query('last', LastPipe) last?: number): Promise<Order[]> {
    return last === undefined ? this.orders.list() : this.orders.listLast(last);
  }
}
