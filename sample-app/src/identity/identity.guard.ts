import {
  BadRequestException,
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  Injectable,
  UnauthorizedException,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type DemoUser, demoUsers } from './demo-users.js';
import { role, tenant, user } from './identity.variables.js';
import { PUBLIC } from './public.decorator.js';

interface IdentityHeaders {
  readonly authorization?: string;
  readonly 'x-tenant'?: string;
}

/** Says who is asking, for which tenant. From here on every layer reads it from the context. */
@Injectable()
export class IdentityGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(execution: ExecutionContext): boolean {
    if (this.reflector.getAllAndOverride(PUBLIC, [execution.getHandler(), execution.getClass()])) return true;
    const { headers } = execution.switchToHttp().getRequest<{ headers: IdentityHeaders }>();
    const caller = authenticate(headers);
    tenant.set(caller.tenant);
    user.set(caller.name);
    role.bind(caller.role);
    return true;
  }
}

function authenticate(headers: IdentityHeaders): DemoUser {
  const name = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const caller = demoUsers.find((known) => known.name === name);
  if (!caller) throw new UnauthorizedException('Say who you are: authorization: Bearer <user>');
  if (!headers['x-tenant']) throw new BadRequestException('Say for which tenant: x-tenant: <tenant>');
  if (headers['x-tenant'] !== caller.tenant) throw new ForbiddenException('You do not work for this tenant');
  return caller;
}
