import { Body, Controller, Get, Post } from '@nestjs/common';
import { NewOrderPipe } from './new-order.pipe.js';
import type { NewOrder, Order } from './order.js';
import { OrdersService } from './orders.service.js';

@Controller('orders')
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Post()
  place(@Body(NewOrderPipe) wanted: NewOrder): Order {
    return this.orders.place(wanted);
  }

  @Get()
  list(): Order[] {
    return this.orders.list();
  }
}
