import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

/** A trace as lines: each span below the one that it belongs to, with its duration in ms. */
export function spanTree(spans: readonly ReadableSpan[]): string[] {
  const ids = new Set(spans.map((span) => span.spanContext().spanId));
  const ordered = [...spans].sort((a, b) => msOf(a.startTime) - msOf(b.startTime));
  const below = (parent: string | undefined, depth: number): string[] =>
    ordered
      .filter(({ parentSpanContext }) => parentOf(parentSpanContext?.spanId) === parent)
      .flatMap((span) => [
        `${'  '.repeat(depth)}${span.name}  ${msOf(span.duration).toFixed(1)} ms`,
        ...below(span.spanContext().spanId, depth + 1),
      ]);
  // One whose parent is not among them, or is elsewhere, is a root.
  const parentOf = (id: string | undefined) => (id !== undefined && ids.has(id) ? id : undefined);
  return below(undefined, 0);
}

function msOf([seconds, nanoseconds]: readonly [number, number]): number {
  return seconds * 1e3 + nanoseconds / 1e6;
}
