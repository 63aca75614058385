import type { CallProgress } from './call-progress.js';
import { unwrapped } from './moved.js';

/** Marks what travels between the two sides. The number is raised when they could no longer read each other. */
export const MARK = 'nestjs-contextvars.worker.1';

/** A task as it is sent to a worker thread. */
export interface Envelope {
  readonly [MARK]: 'call';
  readonly carrier: Readonly<Record<string, string>>;
  readonly payload: unknown;
  /** Only of a call that can be aborted. */
  readonly progress?: Int32Array;
}

// piscina reads it from the task itself, for queues that sort.
const QUEUE_OPTIONS = Symbol.for('Piscina.queueOptions');

export function envelopeOf(
  carrier: Readonly<Record<string, string>>,
  given: unknown,
  progress: CallProgress | undefined,
): { readonly envelope: Envelope; readonly moved: readonly object[] } {
  const { payload, moved } = unwrapped(given);
  const envelope: Envelope = { [MARK]: 'call', carrier, payload };
  if (progress !== undefined) {
    Object.defineProperty(envelope, 'progress', { enumerable: true, get: () => progress.handOver() });
  }
  const sorted = typeof given === 'object' && given !== null && QUEUE_OPTIONS in given;
  if (sorted) Object.assign(envelope, { [QUEUE_OPTIONS]: given[QUEUE_OPTIONS] });
  return { envelope, moved };
}

export function isEnvelope(task: unknown): task is Envelope {
  return typeof task === 'object' && task !== null && (task as Partial<Envelope>)[MARK] === 'call';
}
