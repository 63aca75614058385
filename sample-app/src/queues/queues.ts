import { BullModule } from '@nestjs/bullmq';
import type { DynamicModule } from '@nestjs/common';
import { createPostgresBackend, setDefaultBackendFactory } from 'bullmq';
import { contextTelemetry } from 'nestjs-contextvars/bullmq';
import { LookingWorker } from './looking-worker.js';
import type { QueuePlace } from './queue-place.js';

/** The queues of that place, whose jobs have the context of whoever added them. */
export function queuesAt({ kind, url, mustLook }: QueuePlace): DynamicModule {
  if (kind === 'postgres') setDefaultBackendFactory(createPostgresBackend);
  if (mustLook) BullModule.workerClass = LookingWorker;
  return BullModule.forRoot({
    // Typed for Redis alone. Each queue and each worker has a pool of connections.
    connection: (kind === 'postgres' ? { connectionString: url, migrate: true, max: 4 } : { url }) as {
      url: string;
    },
    telemetry: contextTelemetry(),
  });
}
