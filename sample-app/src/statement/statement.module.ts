import { Module } from '@nestjs/common';
import { OrdersModule } from '../orders/orders.module.js';
import { PricesModule } from '../prices/prices.module.js';
import { StatementController } from './statement.controller.js';
import { StatementService } from './statement.service.js';

@Module({
  imports: [OrdersModule, PricesModule],
  controllers: [StatementController],
  providers: [StatementService],
})
export class StatementModule {}
