import { CARRIER_KEY } from '../../core/internal.js';

/**
 * What a job has in `opts.telemetry.metadata`: one string, for us and for the telemetry that we are wrapped around. Where
 * that one writes a JSON object, as bullmq-otel does, our keys stand beside its own, so that a worker which has only the
 * one or only the other reads what is its own. Any other text of it goes under a key.
 */
export interface JobMetadata {
  /** What the inner telemetry wrote, to the letter; undefined where it wrote nothing. */
  readonly inner: string | undefined;
  /** The text of our carrier, not yet looked at; undefined where there is none. */
  readonly carrier: unknown;
  /**
   * It was written in the unit of work of a job, or in one that a worker was created in. There BullMQ itself adds the next
   * job of every scheduler that the worker comes across, for nobody.
   */
  readonly inWorker: boolean;
}

const INNER_KEY = `${CARRIER_KEY}-inner`;
const WORKER_KEY = `${CARRIER_KEY}-in-worker`;
const OUR_KEYS = [CARRIER_KEY, INNER_KEY, WORKER_KEY];

/** Enough for a carrier and for what OpenTelemetry propagates, both at their limits. */
const MAX_LENGTH = 64 * 1024;

const NOTHING: JobMetadata = { inner: undefined, carrier: undefined, inWorker: false };
/** There is a carrier, and what it is cannot be told: an empty text is refused as any other bad one. */
const NOT_READ: JobMetadata = { ...NOTHING, carrier: '' };

/** Never empty: where a scheduler's job has no metadata, BullMQ gives each of them that of whoever is current. */
export function writeMetadata({ inner, carrier, inWorker }: JobMetadata): string {
  const merged: Record<string, unknown> =
    inner === undefined ? {} : (plainObjectIn(inner) ?? { [INNER_KEY]: inner });
  if (carrier !== undefined) merged[CARRIER_KEY] = carrier;
  if (inWorker) merged[WORKER_KEY] = true;
  return JSON.stringify(merged);
}

/** Never throws: BullMQ would wait for the job for ever. */
export function readMetadata(text: unknown): JobMetadata {
  // As BullMQ takes them; it writes `false` where a job of several omits the context.
  if (!text) return NOTHING;
  if (typeof text !== 'string') return NOT_READ;
  // Before it is parsed: what others wrote is none of our business, however large.
  if (!OUR_KEYS.some((key) => text.includes(`"${key}"`))) return { ...NOTHING, inner: text };
  const merged = text.length > MAX_LENGTH ? undefined : canonicalObjectIn(text);
  if (merged === undefined) return NOT_READ;
  const { [CARRIER_KEY]: carrier, [INNER_KEY]: wrapped, [WORKER_KEY]: inWorker, ...rest } = merged;
  const inner = typeof wrapped === 'string' ? wrapped : JSON.stringify(rest);
  return { inner, carrier, inWorker: inWorker === true };
}

/** Undefined where our keys could not stand beside its own, or its text would not come back as it was. */
function plainObjectIn(text: string): Record<string, unknown> | undefined {
  const value = canonicalObjectIn(text);
  return value !== undefined && OUR_KEYS.some((key) => Object.hasOwn(value, key)) ? undefined : value;
}

/** Of a text that is written in the one way in which `JSON.stringify` writes it: so no key is there twice. */
function canonicalObjectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return JSON.stringify(value) === text ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
