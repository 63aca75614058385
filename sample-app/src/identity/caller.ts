import { ContextScoped, RequestContext } from 'nestjs-contextvars';
import { tenant, user } from './identity.variables.js';

/**
 * Who is asking: one for each request, and for each job that a request leaves running. Without the role, which a call may
 * have for a moment and a field would keep.
 */
@ContextScoped()
export class Caller {
  readonly requestId: string;
  readonly correlationId: string;
  readonly tenant: string;
  readonly user: string;

  constructor(context: RequestContext) {
    this.requestId = context.id;
    this.correlationId = context.correlationId;
    this.tenant = tenant.get();
    this.user = user.get();
  }
}
