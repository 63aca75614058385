import { type DynamicModule, Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { LedgerBook } from '../ledger/ledger-book.js';
import { OrdersModule } from '../orders/orders.module.js';
import { DetachedRefundsController } from './detached-refunds.controller.js';
import { RefundsController } from './refunds.controller.js';
import { RefundsService } from './refunds.service.js';
import { ReturnsController } from './returns.controller.js';

@Module({
  imports: [OrdersModule, AuditModule],
  controllers: [RefundsController],
  providers: [RefundsService, LedgerService, LedgerBook, LedgerRepository],
})
export class RefundsModule {
  static for({ demo }: { readonly demo: boolean }): DynamicModule {
    return { module: RefundsModule, controllers: demo ? [DetachedRefundsController, ReturnsController] : [] };
  }
}
