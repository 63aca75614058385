import { urlFrom } from './database.settings.js';

export interface JobSettings {
  /** Of a Redis. Without it jobs wait in PostgreSQL: on the server of the database, or embedded too. */
  readonly redisUrl: string | undefined;
  /** Which process works the jobs off. */
  readonly workedOffBy: 'application' | 'worker';
}

/**
 * From `REDIS_URL` (redis://; none) and `JOBS` (application or worker; a worker where `DATABASE_URL` is set, so that one can
 * have the data).
 */
export function readJobSettings(env: NodeJS.ProcessEnv): JobSettings {
  const workedOffBy = env.JOBS || (env.DATABASE_URL ? 'worker' : 'application');
  if (workedOffBy !== 'application' && workedOffBy !== 'worker') {
    throw new Error(`JOBS is '${workedOffBy}'; it can be application or worker`);
  }
  if (workedOffBy === 'worker' && !env.DATABASE_URL) {
    throw new Error('JOBS is worker; that needs a DATABASE_URL, as nobody else has the embedded database');
  }
  return { redisUrl: urlFrom(env, 'REDIS_URL', /^rediss?:\/\//, 'redis://'), workedOffBy };
}
