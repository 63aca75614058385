import { type Context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';

// The key of `suppressTracing` in @opentelemetry/core, which is not needed for it: keys of one description are one key.
const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** A context in which nothing is traced. */
export const SUPPRESSED: Context = ROOT_CONTEXT.setValue(SUPPRESS_TRACING, true);

export function isSuppressed(active: Context): boolean {
  return active.getValue(SUPPRESS_TRACING) === true;
}
