import { type DynamicModule, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ContextModule } from 'nestjs-contextvars';
import { DatabaseModule } from './database/database.module.js';
import { ErrorFilter } from './errors/error.filter.js';
import { JsonBodyMiddleware } from './errors/json-body.middleware.js';
import { HealthController } from './health/health.controller.js';
import { IdentityModule } from './identity/identity.module.js';
import { INSPECTOR_PATH, inspectorFor } from './inspector/order-desk-inspector.js';
import { InvoicesModule } from './invoices/invoices.module.js';
import { JobsModule } from './jobs/jobs.module.js';
import { ClientMiddleware } from './logging/client.middleware.js';
import { OrdersModule } from './orders/orders.module.js';
import { queuesAt } from './queues/queues.js';
import { ReceiptsModule } from './receipts/receipts.module.js';
import { RefundsModule } from './refunds/refunds.module.js';
import type { Services } from './services.js';
import type { Settings } from './settings/settings.js';
import { StatementModule } from './statement/statement.module.js';
import { RequestSpanMiddleware } from './tracing/request-span.middleware.js';
import { WhoamiModule } from './whoami/whoami.module.js';

@Module({
  imports: [
    ContextModule.forRoot({ logs: { requests: { exclude: [INSPECTOR_PATH, `${INSPECTOR_PATH}/*`] } } }),
    WhoamiModule,
    OrdersModule,
    ReceiptsModule,
    StatementModule,
    InvoicesModule,
  ],
  controllers: [HealthController],
  providers: [{ provide: APP_FILTER, useClass: ErrorFilter }],
})
export class AppModule implements NestModule {
  static with({ database, queues }: Services, settings: Settings): DynamicModule {
    const { identity, jobs } = settings;
    return {
      module: AppModule,
      imports: [
        DatabaseModule.of(database),
        queuesAt(queues),
        IdentityModule.of(identity),
        RefundsModule.for(identity),
        inspectorFor(settings),
        ...(jobs.workedOffBy === 'application' ? [JobsModule] : []),
      ],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(RequestSpanMiddleware, ClientMiddleware, JsonBodyMiddleware).forRoutes('{*path}');
  }
}
