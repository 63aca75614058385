import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { CallerService } from './caller.service.js';
import { IdentityGuard } from './identity.guard.js';

@Global()
@Module({
  providers: [CallerService, { provide: APP_GUARD, useClass: IdentityGuard }],
  exports: [CallerService],
})
export class IdentityModule {}
