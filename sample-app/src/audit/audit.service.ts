import { setTimeout as hop } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Span } from 'nestjs-contextvars/opentelemetry';
import { type Role, role } from '../identity/identity.variables.js';

export interface AuditReport {
  /** The role at the end of the reading. */
  readonly role: Role;
  /** The role at each step of it. */
  readonly seen: Role[];
}

/** Reads beside the ledger's writing, with no more rights than the caller has. */
@Injectable()
export class AuditService {
  readonly #logger = new Logger(AuditService.name);

  @Span()
  async read(orderId: string): Promise<AuditReport> {
    const seen: Role[] = [];
    for (let step = 0; step < 4; step += 1) {
      seen.push(role.get());
      await hop(3);
    }
    this.#logger.log(`audits ${orderId} as ${role.get()}`);
    return { role: role.get(), seen };
  }
}
