import type { ServerResponse } from 'node:http';
import type { RequestRecord } from './request-record.js';

/** How long a page may take to read what it was sent, in ms. */
const PATIENCE_MS = 30_000;

/** Proxies close connections that are silent. */
const SIGN_OF_LIFE_MS = 15_000;

/** When a browser asks again after it has lost the connection, in ms. */
const RETRY_MS = 1000;

/**
 * What one page is told, as server-sent events. It gets the state of each record that has changed, and not each change: a
 * page that reads slowly misses what was in between, and nothing piles up for it but the keys of changed records.
 */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #closed: () => void;
  readonly #changed = new Set<RequestRecord>();
  #blockedSince: number | undefined;
  #writtenAt = performance.now();

  /** The head of the response has been written. `closed` is called, perhaps more than once, when nobody reads it any more. */
  constructor(response: ServerResponse, hello: object, closed: (stream: EventStream) => void) {
    this.#response = response;
    this.#closed = () => closed(this);
    response.on('close', this.#closed);
    // A socket that is reset says so here first.
    response.on('error', this.#closed);
    response.on('drain', () => {
      this.#blockedSince = undefined;
    });
    this.#write(`retry: ${RETRY_MS}\n${eventText('hello', hello)}`);
  }

  changed(record: RequestRecord): void {
    this.#changed.add(record);
  }

  /** The record is no longer kept. */
  gone(record: RequestRecord): void {
    this.#changed.delete(record);
  }

  /** Sends what has changed, for as long as the connection takes it. */
  flush(): void {
    const now = performance.now();
    if (this.#blockedSince !== undefined) {
      if (now - this.#blockedSince > PATIENCE_MS) this.#giveUp();
      return;
    }
    for (const record of this.#changed) {
      this.#changed.delete(record);
      if (!this.#write(eventText('request', record))) return;
    }
    if (now - this.#writtenAt > SIGN_OF_LIFE_MS) this.#write(': still here\n\n');
  }

  end(): void {
    this.#response.end();
  }

  #giveUp(): void {
    this.#response.destroy();
    this.#closed();
  }

  #write(text: string): boolean {
    this.#writtenAt = performance.now();
    if (this.#response.write(text)) return true;
    this.#blockedSince = this.#writtenAt;
    return false;
  }
}

/** JSON has no raw line break, which would end the event. */
function eventText(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
