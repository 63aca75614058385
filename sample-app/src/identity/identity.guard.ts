import {
  BadRequestException,
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  Injectable,
  UnauthorizedException,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Bearers } from './bearers.js';
import type { Identity } from './identity.js';
import { role, tenant, user } from './identity.variables.js';
import { PUBLIC } from './public.decorator.js';
import { RefusedToken } from './token-verifier.js';

interface IdentityHeaders {
  readonly authorization?: string;
  readonly 'x-tenant'?: string;
}

/** Says who is asking, for which tenant. From here on every layer reads it from the context. */
@Injectable()
export class IdentityGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly bearers: Bearers,
  ) {}

  async canActivate(execution: ExecutionContext): Promise<boolean> {
    if (this.reflector.getAllAndOverride(PUBLIC, [execution.getHandler(), execution.getClass()])) return true;
    const { headers } = execution.switchToHttp().getRequest<{ headers: IdentityHeaders }>();
    const caller = await this.#authenticate(headers);
    tenant.set(caller.tenant);
    user.set(caller.name);
    role.bind(caller.role);
    return true;
  }

  async #authenticate(headers: IdentityHeaders): Promise<Identity> {
    const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
    if (bearer === undefined)
      throw new UnauthorizedException('Say who you are: authorization: Bearer <token>');
    const caller = await this.bearers.identityOf(bearer).catch((error: unknown) => {
      throw error instanceof RefusedToken ? new UnauthorizedException(error.message) : error;
    });
    if (!headers['x-tenant']) throw new BadRequestException('Say for which tenant: x-tenant: <tenant>');
    if (headers['x-tenant'] !== caller.tenant)
      throw new ForbiddenException('You do not work for this tenant');
    return caller;
  }
}
