import { Controller, Get } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Public } from '../identity/public.decorator.js';

/** How busy the connections to the database are. */
export interface DatabaseHealth extends ReturnType<Database['count']['toJSON']> {
  readonly kind: Database['kind'];
  readonly connections: number;
}

@Public()
@Controller('health')
export class HealthController {
  constructor(private readonly database: Database) {}

  @Get()
  check(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('database')
  databaseUse(): DatabaseHealth {
    const { kind, connections, count } = this.database;
    return { kind, connections, ...count.toJSON() };
  }
}
