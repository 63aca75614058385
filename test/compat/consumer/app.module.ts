import { Module } from '@nestjs/common';
import { ClsModule } from 'nestjs-cls';
import { ContextModule } from 'nestjs-contextvars';
import { DeskController } from './desk.controller.js';
import { DeskService } from './desk.service.js';
import { pause } from './timing.js';
import { role, tenant, user } from './variables.js';

@Module({
  imports: [
    ClsModule, // gives ClsService to inject; the store comes with ContextModule
    ContextModule.forRoot({
      async setup(context, request) {
        context.set(tenant, String(request.headers['x-tenant']));
        await pause();
        context.set(user, String(request.headers['x-user']));
        role.bind('clerk');
      },
    }),
  ],
  controllers: [DeskController],
  providers: [DeskService],
})
export class AppModule {}
