import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { UnitOfWork } from '../../core/index.js';
import { outsideAny } from '../../core/internal.js';
import { EventStream } from './event-stream.js';
import type { ResolvedInspectorOptions } from './inspector.options.js';
import { LOOKERS } from './limits.js';
import { type Audience, Recorder } from './recorder.js';
import type { RequestRecord } from './request-record.js';

/** How often pages are told of what has changed, in ms. */
const FLUSH_MS = 100;

/** Records what happens for as long as somebody looks, and tells those who do. */
export class Inspector implements Audience, BeforeApplicationShutdown {
  readonly enabled: boolean;
  readonly #options: ResolvedInspectorOptions;
  readonly #recorder: Recorder;
  /** By which a page knows a new process, whose records begin anew. */
  readonly #session = randomUUID();
  readonly #streams = new Set<EventStream>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ResolvedInspectorOptions, isOwn: (path: string) => boolean) {
    this.enabled = options.enabled;
    this.#options = options;
    this.#recorder = new Recorder({ ...options, isOwn }, this);
  }

  /** Whether one more may look. */
  get hasRoom(): boolean {
    return !this.#closed && this.#streams.size < LOOKERS;
  }

  /** Tells `response`, whose head has been written, of all that is kept and of what happens until it is closed. */
  show(response: ServerResponse): void {
    // It would not say again that it has closed.
    if (response.destroyed) return;
    const { columns, actions, requests } = this.#options;
    const hello = { session: this.#session, columns, actions, requests };
    const stream = new EventStream(response, hello, () => this.#leave(stream));
    for (const record of this.#recorder.records) stream.changed(record);
    this.#streams.add(stream);
    this.#recorder.start();
    // Not in the context of the request that happens to be the first to look.
    this.#timer ??= outsideAny(() => setInterval(() => this.#flush(), FLUSH_MS).unref());
  }

  /** Nothing of that unit is to be seen: it serves the inspector itself. */
  disregard(unit: UnitOfWork | undefined): void {
    this.#recorder.disregard(unit);
  }

  changed(record: RequestRecord): void {
    for (const stream of this.#streams) stream.changed(record);
  }

  gone(record: RequestRecord): void {
    for (const stream of this.#streams) stream.gone(record);
  }

  /** Nest waits for open connections next, and these do not end by themselves. */
  beforeApplicationShutdown(): void {
    this.#closed = true;
    for (const stream of this.#streams) {
      stream.end();
      this.#leave(stream);
    }
  }

  #leave(stream: EventStream): void {
    if (!this.#streams.delete(stream) || this.#streams.size > 0) return;
    this.#recorder.stop();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #flush(): void {
    for (const stream of this.#streams) stream.flush();
  }
}
