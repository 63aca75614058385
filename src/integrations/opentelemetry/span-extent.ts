import { types } from 'node:util';
import {
  type Context,
  context,
  type Span,
  type SpanOptions,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Extent } from '../../core/internal.js';

/** How spans of libraries say who has made them. */
const SCOPE = 'nestjs-contextvars';

export interface PlannedSpan {
  readonly name: string;
  readonly options: SpanOptions;
  readonly tracer: Tracer | undefined;
}

/** A span that lasts for one call; where its result does its work when it is consumed, for that. */
export class SpanExtent implements Extent {
  readonly temporary = false;
  readonly movesForeign = true;
  readonly ending = undefined;
  readonly span: Span;
  readonly #planned: PlannedSpan;
  readonly #parent: Context;
  readonly #inside: Context;
  /** The result is still to be consumed: the span is that of the first consumption. */
  #handedOn = false;
  #ended = false;

  constructor(planned: PlannedSpan, parent: Context = context.active()) {
    const { name, options, tracer } = planned;
    this.#planned = planned;
    this.#parent = parent;
    // Not kept: the SDK may be set up, or another one, at any time.
    this.span = (tracer ?? trace.getTracer(SCOPE)).startSpan(name, options, parent);
    this.#inside = trace.setSpan(parent, this.span);
  }

  run<R>(fn: () => R): R {
    return context.with(this.#inside, fn);
  }

  fail(error: unknown): void {
    if (!this.#ended) record(this.span, error);
  }

  end(failure?: { readonly error: unknown }): void {
    if (failure !== undefined) this.fail(failure.error);
    else if (this.#handedOn) return;
    if (this.#ended) return;
    this.#ended = true;
    this.span.end();
  }

  repeat(): () => SpanExtent {
    this.#handedOn = true;
    const { startTime: _, ...options } = this.#planned.options;
    let isFirst = true;
    return () => {
      if (!isFirst) return new SpanExtent({ ...this.#planned, options }, this.#parent);
      isFirst = false;
      this.#handedOn = false;
      return this;
    };
  }

  pend(): void {}
}

/** Does not throw, whatever the error is: it is to reach the caller. */
function record(span: Span, error: unknown): void {
  try {
    const isError = error instanceof Error || types.isNativeError(error);
    const message = isError ? error.message : String(error);
    span.recordException(isError ? error : message);
    span.setStatus({ code: SpanStatusCode.ERROR, message });
  } catch {
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
}
