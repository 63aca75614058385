import { join } from 'node:path';
import type { DatabaseSettings } from '../settings/database.settings.js';
import { Database } from './database.js';
import { EmbeddedStore } from './embedded-store.js';
import { ServerStore } from './server-store.js';
import { requirePlainRole } from './working-role.js';

/** On the server of the settings, or else embedded; its tables as the newest migration leaves them. */
export async function openDatabase({
  databaseUrl,
  ownerUrl,
  connections,
  folder,
}: DatabaseSettings): Promise<Database> {
  const store =
    databaseUrl === undefined
      ? await EmbeddedStore.open(folder && join(folder, 'data'))
      : await ServerStore.open(databaseUrl, ownerUrl ?? databaseUrl, connections);
  await requirePlainRole(store.queries);
  return new Database(store);
}
