import { Module } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { OrdersModule } from '../orders/orders.module.js';
import { RefundsController } from './refunds.controller.js';
import { RefundsService } from './refunds.service.js';

@Module({
  imports: [OrdersModule],
  controllers: [RefundsController],
  providers: [RefundsService, LedgerService, LedgerRepository, AuditService],
})
export class RefundsModule {}
