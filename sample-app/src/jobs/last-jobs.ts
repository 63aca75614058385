import { setTimeout as pause } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Relay } from '../outbox/relay.js';
import { WaitingRows } from '../outbox/waiting-rows.js';

const LIMIT_MS = 25_000;

/** What is told to stop works off what is there, within a limit. The rest waits for the next start, if it is on a disk. */
@Injectable()
export class LastJobs implements BeforeApplicationShutdown {
  readonly #logger = new Logger(LastJobs.name);

  constructor(
    private readonly relay: Relay,
    private readonly rows: WaitingRows,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    this.relay.wake();
    const limit = AbortSignal.timeout(LIMIT_MS);
    let left = await this.rows.left();
    while (left > 0 && !limit.aborted) {
      await pause(20);
      left = await this.rows.left();
    }
    if (left > 0) this.#logger.warn(`${left} receipts are left to be written`);
  }
}
