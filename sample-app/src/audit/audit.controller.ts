import { Controller, Get } from '@nestjs/common';
import { ForRoles } from '../identity/for-roles.decorator.js';
import type { AuditEntry } from './audit-entry.js';
import { AuditTrail } from './audit-trail.js';

@Controller('audit')
@ForRoles('auditor')
export class AuditController {
  constructor(private readonly trail: AuditTrail) {}

  @Get()
  list(): Promise<AuditEntry[]> {
    return this.trail.list();
  }
}
