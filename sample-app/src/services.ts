import type { Database } from './database/database.js';
import { FolderLock } from './database/folder-lock.js';
import { openDatabase } from './database/open-database.js';
import { openQueuePlace } from './queues/open-queue-place.js';
import type { QueuePlace } from './queues/queue-place.js';
import type { Settings } from './settings/settings.js';

/** What the application stands on, and what is there before it and after it. */
export interface Services {
  readonly database: Database;
  readonly queues: QueuePlace;
  close(): Promise<void>;
}

export async function openServices(settings: Pick<Settings, 'database' | 'jobs'>): Promise<Services> {
  const { folder, databaseUrl } = settings.database;
  const lock = databaseUrl === undefined && folder !== undefined ? await FolderLock.take(folder) : undefined;
  const [database, queues] = await Promise.all([openDatabase(settings.database), openQueuePlace(settings)]);
  return {
    database,
    queues,
    async close() {
      await Promise.all([database.close(), queues.close()]);
      await lock?.release();
    },
  };
}
