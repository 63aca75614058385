import type { RequestRecord } from './request-record.js';

/** The last records, oldest first. */
export class KeptRecords {
  readonly #limit: number;
  readonly #records = new Map<number, RequestRecord>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Gives the one that had to go. */
  add(record: RequestRecord): RequestRecord | undefined {
    this.#records.set(record.key, record);
    if (this.#records.size <= this.#limit) return undefined;
    const [oldest] = this.#records.values();
    if (oldest !== undefined) this.delete(oldest);
    return oldest;
  }

  delete(record: RequestRecord): void {
    this.#records.delete(record.key);
  }

  has(record: RequestRecord): boolean {
    return this.#records.has(record.key);
  }

  /** The latest one of that request. */
  ofRequest(requestId: string): RequestRecord | undefined {
    let found: RequestRecord | undefined;
    for (const record of this.#records.values()) if (record.requestId === requestId) found = record;
    return found;
  }

  [Symbol.iterator](): Iterator<RequestRecord> {
    return this.#records.values();
  }
}
