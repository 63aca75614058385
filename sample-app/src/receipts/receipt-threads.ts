import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { runInWorker } from 'nestjs-contextvars/worker';
import { Piscina } from 'piscina';
import { RECEIPTS_AT_ONCE } from './receipt.js';

/** Where receipts are set: one thread, which stays, as what it does is short and loading it is not. */
@Injectable()
export class ReceiptThreads implements OnApplicationBootstrap {
  readonly #pool = new Piscina<string | undefined, string>({
    filename: new URL('./receipt-thread.js', import.meta.url).href,
    minThreads: 1,
    maxThreads: 1,
    // Each is short: what takes its time is the way there and back.
    concurrentTasksPerWorker: RECEIPTS_AT_ONCE,
  });

  /** The first receipt does not wait until the thread has loaded. */
  async onApplicationBootstrap(): Promise<void> {
    await runInWorker(this.#pool, undefined, { name: 'ready' });
  }

  /** As whoever placed the order: the context goes along. */
  set(orderId: string): Promise<string> {
    return runInWorker(this.#pool, orderId);
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}
