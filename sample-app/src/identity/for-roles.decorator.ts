import { type CustomDecorator, SetMetadata } from '@nestjs/common';
import type { CallerRole } from './identity.variables.js';

export const ROLES = 'order-desk:roles';

/** Whose route it is. Without it a route is everybody's who has an identity. */
export const ForRoles = (...roles: CallerRole[]): CustomDecorator => SetMetadata(ROLES, roles);
