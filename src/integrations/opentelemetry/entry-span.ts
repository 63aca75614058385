import { isSpanContextValid, type Span, SpanKind } from '@opentelemetry/api';
import { reportError } from '../../core/internal.js';

/**
 * Whether `span` is one that begins the work of a process on something from outside, and is under way. The API does not say
 * of which kind a span is; those of the SDK do, as long as they are sampled. Where nothing is known it is taken for one: a
 * request that is not sampled must not become traces of its parts.
 */
export function isEntrySpan(span: Span, isEntry?: (span: Span) => boolean): boolean {
  if (!isSpanContextValid(span.spanContext())) return false;
  const { kind } = span as { kind?: SpanKind };
  if (kind === undefined) return true;
  // One that has ended was left behind, by whatever opened the socket or timer that we were called by.
  if (!span.isRecording()) return false;
  return kind === SpanKind.SERVER || kind === SpanKind.CONSUMER || isOneBesides(span, isEntry);
}

function isOneBesides(span: Span, isEntry: ((span: Span) => boolean) | undefined): boolean {
  if (isEntry === undefined) return false;
  try {
    return isEntry(span) === true;
  } catch (error) {
    reportError(error, 'in isEntry of registerOpenTelemetry');
    return false;
  }
}
