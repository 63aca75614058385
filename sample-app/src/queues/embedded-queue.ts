import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { QueuePlace } from './queue-place.js';

/** What the thread is told, and what it says as soon as it is ready. */
export interface EmbeddedQueueData {
  readonly folder: string | undefined;
}
export interface EmbeddedQueueReady {
  readonly url: string;
}

/**
 * A PostgreSQL for the queue alone, in a thread. Not that of the data: who connects to an embedded one shares its only session,
 * so an open transaction of the application would hold up the queue, and the queue would see the settings of its tenant.
 */
export async function openEmbeddedQueue(folder?: string): Promise<QueuePlace> {
  const workerData: EmbeddedQueueData = { folder };
  const thread = new Worker(new URL('./embedded-queue-thread.js', import.meta.url), { workerData });
  const [{ url }] = (await once(thread, 'message')) as [EmbeddedQueueReady];
  return {
    kind: 'postgres',
    url,
    mustLook: true,
    async close() {
      const ended = once(thread, 'exit');
      thread.postMessage('close');
      await ended;
    },
  };
}
