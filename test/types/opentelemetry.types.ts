// Compile-time tests of the entry "./opentelemetry": nothing here runs; see core.types.ts.

import { type Span as ApiSpan, SpanKind, trace } from '@opentelemetry/api';
import {
  type OpenTelemetryOptions,
  registerOpenTelemetry,
  Span,
  type SpanDecoratorOptions,
  type TraceFieldNames,
  type WithSpanOptions,
  withSpan,
} from 'nestjs-contextvars/opentelemetry';

type Equal<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;

/** Compiles only where `T` is exactly the type of `value`. */
declare function same<T>(): <V>(value: V, ...equal: Equal<T, V> extends true ? [] : [never]) => void;

// --- registerOpenTelemetry

same<void>()(registerOpenTelemetry());
const names: TraceFieldNames = { traceId: 'traceId', spanId: false };
const options: OpenTelemetryOptions = {
  logFields: names,
  isEntry: (span) => span.spanContext().traceId !== '',
};
registerOpenTelemetry(options);
registerOpenTelemetry({ logFields: false });
// @ts-expect-error not true: there is nothing to turn on
registerOpenTelemetry({ logFields: true });
// @ts-expect-error no such field
registerOpenTelemetry({ logFields: { baggage: 'baggage' } });

// --- withSpan: gives what the function gives, and the span to it

same<number>()(withSpan('sync', () => 1));
same<Promise<number>>()(withSpan('async', async () => 1));
same<string>()(withSpan('with options', { kind: SpanKind.CLIENT }, () => 'done'));
withSpan('with its span', (span) => same<ApiSpan>()(span));
const given: WithSpanOptions = {
  attributes: { 'order.id': 1 },
  links: [],
  root: true,
  tracer: trace.getTracer('orders'),
};
withSpan('all of them', given, () => {});
// @ts-expect-error the function is missing
withSpan('nothing', {});
// @ts-expect-error a name of the tracer is none
withSpan('name', { tracer: 'orders' }, () => {});

// --- @Span: with a name, with options, with both, with neither

const decorated: SpanDecoratorOptions<[id: number]> = { attributes: (id) => ({ 'order.id': id }) };

class Orders {
  @Span()
  plain(): void {}

  @Span('named')
  named(): void {}

  @Span({ kind: SpanKind.CLIENT, attributes: { 'db.system': 'none' } })
  withOptions(): void {}

  @Span('of the arguments', { attributes: (id: string, amount: number) => ({ id, amount }) })
  ofArguments(_id: string, _amount: number): void {}

  @Span({
    attributes(this: Orders, id: number) {
      return { 'order.id': id, same: this instanceof Orders };
    },
  })
  ofThis(_id: number): void {}

  @Span(decorated)
  prepared(_id: number): void {}

  // @ts-expect-error each call has its own
  @Span({ startTime: 0 })
  started(): void {}

  // @ts-expect-error the name is the first one
  @Span({}, 'name')
  turned(): void {}
}
new Orders();
