import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { OrdersModule } from '../orders/orders.module.js';
import { INVOICES } from './invoice.js';
import { InvoicesController } from './invoices.controller.js';
import { InvoicesService } from './invoices.service.js';

/** Takes orders for invoices; JobsModule has who writes them. */
@Module({
  imports: [BullModule.registerQueue({ name: INVOICES }), OrdersModule],
  controllers: [InvoicesController],
  providers: [InvoicesService],
})
export class InvoicesModule {}
