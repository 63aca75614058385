import { Injectable } from '@nestjs/common';
import { Transactional } from '@nestjs-cls/transactional';
import { Caller } from '../identity/caller.js';
import type { Role } from '../identity/identity.variables.js';
import { AuditRepository } from './audit.repository.js';
import type { AuditEntry } from './audit-entry.js';

/** Writes down who, as what, in which request. */
@Injectable()
export class AuditTrail {
  constructor(
    private readonly entries: AuditRepository,
    private readonly caller: Caller,
  ) {}

  /** In the transaction of what was done: neither is there without the other. */
  @Transactional()
  async done(role: Role, action: string, subject: string): Promise<void> {
    await this.entries.add({ ...this.#who(), role, action, subject, outcome: 'done', reason: null });
  }

  /** To be called outside of the transaction that is given up, which would take it along. */
  @Transactional()
  async refused(role: Role | 'none', action: string, subject: string, reason: string): Promise<void> {
    await this.entries.add({ ...this.#who(), role, action, subject, outcome: 'refused', reason });
  }

  @Transactional()
  list(): Promise<AuditEntry[]> {
    return this.entries.list();
  }

  #who(): Pick<AuditEntry, 'user' | 'requestId' | 'correlationId'> {
    const { user, requestId, correlationId } = this.caller;
    return { user, requestId, correlationId };
  }
}
