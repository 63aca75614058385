import { join } from 'node:path';
import type { Settings } from '../settings/settings.js';
import { openEmbeddedQueue } from './embedded-queue.js';
import type { QueuePlace } from './queue-place.js';

/** In the Redis of the settings, or on the server of the database, or embedded as that is. */
export async function openQueuePlace({
  jobs: { redisUrl },
  database: { databaseUrl, folder },
}: Pick<Settings, 'jobs' | 'database'>): Promise<QueuePlace> {
  if (redisUrl !== undefined) return onServer('redis', redisUrl);
  if (databaseUrl !== undefined) return onServer('postgres', databaseUrl);
  return openEmbeddedQueue(folder && join(folder, 'queue'));
}

function onServer(kind: QueuePlace['kind'], url: string): QueuePlace {
  return { kind, url, mustLook: false, close: async () => undefined };
}
