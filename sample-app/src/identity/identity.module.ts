import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { scopedProvider } from 'nestjs-contextvars';
import { Caller } from './caller.js';
import { IdentityGuard } from './identity.guard.js';

@Global()
@Module({
  providers: [scopedProvider(Caller), { provide: APP_GUARD, useClass: IdentityGuard }],
  exports: [Caller],
})
export class IdentityModule {}
