import { rmSync } from 'node:fs';
import { Redis } from 'ioredis';
import { describeWithServer } from '../support/servers.js';
import { ownDatabase } from './own-database.js';
import { preparedFolder } from './prepared-folder.js';
import type { Environment } from './running-sample.js';

/** Where the sample has its data and its jobs. */
export interface Place {
  readonly env: Environment;
  /** Whether a worker can be beside the application. */
  readonly hasWorker: boolean;
  remove(): Promise<void>;
}

/** The same tests on the embedded databases, on a PostgreSQL server, and with the jobs in Redis. */
export function describeOnPlaces(title: string, body: (open: () => Promise<Place>) => void): void {
  describe(`${title}, embedded`, () => body(embedded));
  describeWithServer('postgres', `${title}, on PostgreSQL`, (url) => body(() => onPostgres(url)));
  describeWithServer('redis', `${title}, with jobs in Redis`, (redisUrl) => {
    describeWithServer('postgres', 'and data on PostgreSQL', (url) => body(() => withRedis(url, redisUrl)));
  });
}

export async function embedded(): Promise<Place> {
  const DATA_DIR = await preparedFolder();
  const remove = async () => rmSync(DATA_DIR, { recursive: true, force: true });
  return { env: { DATA_DIR }, hasWorker: false, remove };
}

export async function onPostgres(url: string): Promise<Place> {
  const own = await ownDatabase(url);
  return { env: { DATABASE_URL: own.url }, hasWorker: true, remove: () => own.drop() };
}

export async function withRedis(url: string, redisUrl: string): Promise<Place> {
  const own = await onPostgres(url);
  const jobs = new URL(redisUrl);
  jobs.pathname = '/15';
  const redis = new Redis(jobs.href);
  await redis.flushdb();
  return {
    ...own,
    env: { ...own.env, REDIS_URL: jobs.href },
    async remove() {
      await redis.flushdb();
      redis.disconnect();
      await own.remove();
    },
  };
}
