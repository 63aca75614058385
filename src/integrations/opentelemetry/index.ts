export { type OpenTelemetryOptions, registerOpenTelemetry } from './register-open-telemetry.js';
export { Span, type SpanDecoratorOptions } from './span.decorator.js';
export type { TraceFieldNames } from './trace-fields.js';
export { type WithSpanOptions, withSpan } from './with-span.js';
