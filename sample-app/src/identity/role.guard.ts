import { type CanActivate, type ExecutionContext, ForbiddenException, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ROLES } from './for-roles.decorator.js';
import { type CallerRole, role } from './identity.variables.js';

/** Behind IdentityGuard: it is not told who asks, the context says it. */
@Injectable()
export class RoleGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(execution: ExecutionContext): boolean {
    const roles = this.reflector.getAllAndOverride<readonly CallerRole[] | undefined>(ROLES, [
      execution.getHandler(),
      execution.getClass(),
    ]);
    if (roles === undefined || roles.some((one) => one === role.get())) return true;
    throw new ForbiddenException(`This is for the role ${roles.join(' or ')}`);
  }
}
