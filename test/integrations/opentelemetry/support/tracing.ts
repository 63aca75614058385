import { type Context, context, propagation, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  ParentBasedSampler,
  type ReadableSpan,
  SamplingDecision,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** What is known of a span, wherever it was made. */
export interface SeenSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly ended: boolean;
}

class Recorder implements SpanProcessor {
  readonly spans: ReadableSpan[] = [];
  onStart(span: unknown): void {
    this.spans.push(span as ReadableSpan);
  }
  onEnd(): void {}
  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}

const recorder = new Recorder();

let isSampling = true;

/** As by default: as the parent is; and where there is none, as the test says. */
const sampler = new ParentBasedSampler({
  root: {
    shouldSample: () => ({
      decision: isSampling ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD,
    }),
  },
});

/** From now on, until the end of the test, no new trace is sampled. */
export function sampleNothing(): void {
  isSampling = false;
}

/** Sets the SDK up, as an application does at its start, for the tests of a file. */
export function useSdk(): void {
  beforeAll(setUpSdk);
  afterAll(takeDownSdk);
  beforeEach(() => {
    isSampling = true;
    recorder.spans.splice(0);
  });
}

export function setUpSdk(): void {
  const provider = new BasicTracerProvider({ spanProcessors: [recorder], sampler });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
}

export function takeDownSdk(): void {
  for (const api of [context, propagation, trace]) api.disable();
}

/** All spans since the beginning of the test, in the order in which they were started. */
export const spans = (): readonly ReadableSpan[] => recorder.spans;

export function spanNamed(name: string): ReadableSpan {
  const found = recorder.spans.filter((span) => span.name === name);
  if (found.length !== 1) throw new Error(`${found.length} spans are called '${name}'`);
  return found[0] as ReadableSpan;
}

export function seen(span: ReadableSpan): SeenSpan {
  const { traceId, spanId } = span.spanContext();
  return { name: span.name, traceId, spanId, parentId: span.parentSpanContext?.spanId, ended: span.ended };
}

/**
 * Every span under its parent, two spaces further in, in the order in which they were started; with what is not as it
 * should be: `(open)` for one that has not ended, `(lost)` for one whose parent is none of these, or in another trace.
 */
export function tree(all: readonly SeenSpan[] = spans().map(seen)): string[] {
  const byId = new Map(all.map((span) => [span.spanId, span]));
  const lines = (parentId: string | undefined, depth: number): string[] =>
    all
      .filter((span) => (byId.has(span.parentId ?? '') ? span.parentId : undefined) === parentId)
      .flatMap((span) => {
        const parent = byId.get(span.parentId ?? '');
        const isLost = span.parentId !== undefined && parent?.traceId !== span.traceId;
        const marks = `${span.ended ? '' : ' (open)'}${isLost ? ' (lost)' : ''}`;
        return [`${'  '.repeat(depth)}${span.name}${marks}`, ...lines(span.spanId, depth + 1)];
      });
  return lines(undefined, 0);
}

/** The name of the active span; undefined where there is none. */
export const active = (): string | undefined => nameOf(trace.getActiveSpan());

export const activeIn = (ctx: Context): string | undefined => nameOf(trace.getSpan(ctx));

function nameOf(span: Span | undefined): string | undefined {
  return span === undefined ? undefined : ((span as Partial<ReadableSpan>).name ?? 'unnamed');
}

/** A span by hand, as an instrumentation makes it. */
export function inSpan<R>(name: string, fn: (span: Span) => R, options = {}): R {
  return trace.getTracer('test').startActiveSpan(name, options, fn);
}

/** How a span ended. */
export function outcome({ status, events, ended }: ReadableSpan): {
  ended: boolean;
  status: string;
  message: string | undefined;
  exceptions: unknown[];
} {
  return {
    ended,
    status: SpanStatusCode[status.code] as string,
    message: status.message,
    exceptions: events
      .filter(({ name }) => name === 'exception')
      .map(({ attributes }) => attributes?.['exception.message']),
  };
}
