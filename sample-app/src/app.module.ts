import { type DynamicModule, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ContextModule } from 'nestjs-contextvars';
import { ErrorFilter } from './errors/error.filter.js';
import { JsonBodyMiddleware } from './errors/json-body.middleware.js';
import { HealthController } from './health/health.controller.js';
import { IdentityModule } from './identity/identity.module.js';
import { InvoicesModule } from './invoices/invoices.module.js';
import { ClientMiddleware } from './logging/client.middleware.js';
import { OrdersModule } from './orders/orders.module.js';
import { queuesAt } from './queues/queues.js';
import { ReceiptsModule } from './receipts/receipts.module.js';
import { RefundsModule } from './refunds/refunds.module.js';
import { StatementModule } from './statement/statement.module.js';
import { RequestSpanMiddleware } from './tracing/request-span.middleware.js';
import { WhoamiModule } from './whoami/whoami.module.js';

@Module({
  imports: [
    ContextModule.forRoot({ logs: { requests: true } }),
    IdentityModule,
    WhoamiModule,
    OrdersModule,
    ReceiptsModule,
    RefundsModule,
    StatementModule,
  ],
  controllers: [HealthController],
  providers: [{ provide: APP_FILTER, useClass: ErrorFilter }],
})
export class AppModule implements NestModule {
  static with(queueUrl: string | undefined): DynamicModule {
    return { module: AppModule, imports: queueUrl === undefined ? [] : [queuesAt(queueUrl), InvoicesModule] };
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(RequestSpanMiddleware, ClientMiddleware, JsonBodyMiddleware).forRoutes('{*path}');
  }
}
