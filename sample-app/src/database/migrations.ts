import { fileURLToPath } from 'node:url';
import type { MigrationConfig } from 'drizzle-orm/migrator';

/** Made by drizzle-kit from schema.ts; those of roles and grants are written by hand. Drizzle runs those that are new. */
export const migrations: MigrationConfig = {
  migrationsFolder: fileURLToPath(new URL('./migrations', import.meta.url)),
};
