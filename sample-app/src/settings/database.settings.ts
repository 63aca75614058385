import { resolve } from 'node:path';

export interface DatabaseSettings {
  /** Of a PostgreSQL server. Without it the database is embedded in the application. */
  readonly databaseUrl: string | undefined;
  /** As whom the tables are made. */
  readonly ownerUrl: string | undefined;
  /** To the server, at most. */
  readonly connections: number;
  /** Of the embedded database. Without it the data is in memory. */
  readonly folder: string | undefined;
}

/**
 * From `DATABASE_URL` (postgres://; none), `DATABASE_OWNER_URL` (as whom to migrate; DATABASE_URL), `DATABASE_CONNECTIONS`
 * (10) and `DATA_DIR` (in memory).
 */
export function readDatabaseSettings(env: NodeJS.ProcessEnv): DatabaseSettings {
  const connections = Number(env.DATABASE_CONNECTIONS || 10);
  if (!Number.isInteger(connections) || connections < 1) {
    throw new Error(`DATABASE_CONNECTIONS is '${env.DATABASE_CONNECTIONS}'; it can be a number from 1 on`);
  }
  return {
    databaseUrl: urlFrom(env, 'DATABASE_URL', /^postgres(ql)?:\/\//, 'postgres://'),
    ownerUrl: urlFrom(env, 'DATABASE_OWNER_URL', /^postgres(ql)?:\/\//, 'postgres://'),
    connections,
    folder: env.DATA_DIR ? resolve(env.DATA_DIR) : undefined,
  };
}

/** @throws with the name only: a URL may have a password in it. */
export function urlFrom(
  env: NodeJS.ProcessEnv,
  name: string,
  form: RegExp,
  begin: string,
): string | undefined {
  const url = env[name] || undefined;
  if (url !== undefined && !form.test(url)) throw new Error(`${name} can begin with ${begin}`);
  return url;
}
