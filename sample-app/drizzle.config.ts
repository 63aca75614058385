import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: './sample-app/src/database/schema.ts',
  out: './sample-app/src/database/migrations',
  schemaFilter: ['desk'],
});
