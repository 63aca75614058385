import { type DynamicModule, Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { scopedProvider } from 'nestjs-contextvars';
import type { IdentitySettings } from '../settings/identity.settings.js';
import { Bearers } from './bearers.js';
import { Caller } from './caller.js';
import { IdentityGuard } from './identity.guard.js';
import { RoleGuard } from './role.guard.js';
import { TokenVerifier } from './token-verifier.js';

@Global()
@Module({
  providers: [
    scopedProvider(Caller),
    { provide: APP_GUARD, useClass: IdentityGuard },
    { provide: APP_GUARD, useClass: RoleGuard },
  ],
  exports: [Caller],
})
export class IdentityModule {
  static of(settings: IdentitySettings): DynamicModule {
    const useFactory = async () => new Bearers(await TokenVerifier.of(settings), settings.demo);
    return { module: IdentityModule, providers: [{ provide: Bearers, useFactory }] };
  }
}
