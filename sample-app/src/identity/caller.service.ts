import { Injectable } from '@nestjs/common';
import { RequestContext } from 'nestjs-contextvars';
import { type Role, role, tenant, user } from './identity.variables.js';

/** Who is asking, as seen from where it is read. */
export interface Caller {
  readonly requestId: string;
  readonly correlationId: string;
  readonly tenant: string;
  readonly user: string;
  readonly role: Role;
}

@Injectable()
export class CallerService {
  constructor(private readonly context: RequestContext) {}

  describe(): Caller {
    return {
      requestId: this.context.id,
      correlationId: this.context.correlationId,
      tenant: tenant.get(),
      user: user.get(),
      role: role.get(),
    };
  }
}
