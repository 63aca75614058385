import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { registerOpenTelemetry } from 'nestjs-contextvars/opentelemetry';

export interface Tracing {
  /** The spans of the request with that id that have ended, and of what it has left running. */
  spansOf(requestId: string): readonly ReadableSpan[];
}

/** Sets OpenTelemetry up; spans stay in memory. A real application exports them. */
export function startTracing(): Tracing {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  registerOpenTelemetry();
  return {
    spansOf(requestId) {
      const spans = exporter.getFinishedSpans();
      const root = spans.find(({ attributes }) => attributes['request.id'] === requestId);
      return spans.filter((span) => span.spanContext().traceId === root?.spanContext().traceId);
    },
  };
}
