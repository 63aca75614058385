import { mkdir } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import type { EmbeddedQueueData, EmbeddedQueueReady } from './embedded-queue.js';
import { oneExchangeAtATime } from './one-exchange-at-a-time.js';

const { folder } = workerData as EmbeddedQueueData;
if (folder !== undefined) await mkdir(folder, { recursive: true });
const db = await PGlite.create(folder === undefined ? {} : { dataDir: folder });
// For all who connect, as they share the session.
await db.exec('set search_path to bullmq, public');
const server = new PGLiteSocketServer({
  db: oneExchangeAtATime(db),
  host: '127.0.0.1',
  port: 0,
  maxConnections: 100,
});
await server.start();

parentPort?.once('message', async () => {
  await server.stop();
  await db.close();
});
const ready: EmbeddedQueueReady = { url: `postgres://postgres@${server.getServerConn()}/postgres` };
parentPort?.postMessage(ready);
