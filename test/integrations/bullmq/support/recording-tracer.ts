import { randomBytes } from 'node:crypto';
import {
  context as api,
  type Context,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
  trace,
} from '@opentelemetry/api';

interface RecordedSpan {
  readonly name: string;
  readonly kind: number | undefined;
  readonly own: SpanContext;
  readonly parent: SpanContext | undefined;
  readonly attributes: Set<string>;
  readonly events: string[];
  ended: boolean;
}

/** The part of an OpenTelemetry SDK that these tests need. */
export class RecordingTracer implements Tracer {
  readonly spans: RecordedSpan[] = [];

  startSpan(name: string, options: SpanOptions = {}, context: Context = api.active()): Span {
    const parent = trace.getSpanContext(context);
    const traceId = parent?.traceId ?? randomBytes(16).toString('hex');
    const own = { traceId, spanId: randomBytes(8).toString('hex'), traceFlags: 1 };
    const recorded: RecordedSpan = {
      name,
      kind: options.kind,
      own,
      parent,
      attributes: new Set(),
      events: [],
      ended: false,
    };
    this.spans.push(recorded);
    return Object.assign(trace.wrapSpanContext(own), {
      isRecording: () => !recorded.ended,
      setAttribute: (key: string) => void recorded.attributes.add(key),
      setAttributes: (all: object) => Object.keys(all).forEach((key) => void recorded.attributes.add(key)),
      addEvent: (event: string) => void recorded.events.push(event),
      recordException: (error: Error | string) => void recorded.events.push(`exception ${error}`),
      end: () => {
        recorded.ended = true;
      },
    }) as unknown as Span;
  }

  startActiveSpan(): never {
    throw new Error('bullmq-otel does not call this');
  }

  /** The spans by name and by the name of their parent, in an order that does not depend on which was first. */
  comparable(queueName: string): string[] {
    const nameOf = (span: SpanContext | undefined) =>
      this.spans.find(({ own }) => own.spanId === span?.spanId)?.name ?? span?.traceId ?? 'nothing';
    return this.spans
      .map(({ name, kind, parent, attributes, events, ended }) =>
        JSON.stringify({
          name,
          kind,
          parent: nameOf(parent),
          attributes: [...attributes].sort(),
          events,
          ended,
        }),
      )
      .map((text) => text.replaceAll(queueName, 'queue'))
      .sort();
  }
}
