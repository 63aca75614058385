import { BullModule } from '@nestjs/bullmq';
import type { DynamicModule } from '@nestjs/common';
import { createPostgresBackend, setDefaultBackendFactory } from 'bullmq';
import { contextTelemetry } from 'nestjs-contextvars/bullmq';

/** Queues in Redis (`redis://`) or PostgreSQL (`postgres://`), whose jobs have the context of whoever added them. */
export function queuesAt(url: string): DynamicModule {
  const inPostgres = url.startsWith('postgres');
  if (inPostgres) setDefaultBackendFactory(createPostgresBackend);
  return BullModule.forRoot({
    // Typed for Redis alone.
    connection: (inPostgres ? { connectionString: url, migrate: true } : { url }) as { url: string },
    telemetry: contextTelemetry(),
  });
}
