import type { Span, SpanOptions, Tracer } from '@opentelemetry/api';
import { optionsOf, requireFunction, requireName, runExtent, wrongArgument } from '../../core/internal.js';
import { SpanExtent } from './span-extent.js';

/** OpenTelemetry's own options of a span: `kind`, `attributes`, `links`, `root`, `startTime`. */
export interface WithSpanOptions extends SpanOptions {
  /** Makes the span. Default: the one of the name `nestjs-contextvars`, of the provider that is set up. */
  readonly tracer?: Tracer;
}

/**
 * Runs `fn` in a span of its own, a child of the active one, that ends when the call settles: after return, throw, resolve or
 * reject. Of an async iterable, a generator or an Observable it is the span of its first consumption, and each further one
 * has a span of its own. An error is recorded in the span, and thrown on. No variable of the context becomes an attribute.
 *
 * @throws TypeError where an argument has the wrong type.
 *
 * @example
 * const order = await withSpan('load order', { attributes: { 'order.id': id } }, () => orders.load(id));
 */
export function withSpan<R>(name: string, fn: (span: Span) => R): R;
export function withSpan<R>(name: string, options: WithSpanOptions, fn: (span: Span) => R): R;
export function withSpan<R>(
  name: string,
  ...args: [(span: Span) => R] | [WithSpanOptions, (span: Span) => R]
): R {
  const where = 'withSpan';
  requireName(where, name);
  const [given, fn] = args.length === 1 ? [undefined, args[0]] : args;
  const { tracer, ...options } = checkedOptions(where, given);
  requireFunction(where, fn);
  return runInSpan({ name, options, tracer }, fn);
}

export function runInSpan<R>(
  planned: { name: string; options: SpanOptions; tracer: Tracer | undefined },
  fn: (span: Span) => R,
): R {
  const extent = new SpanExtent(planned);
  return runExtent(extent, () => fn(extent.span));
}

/** @throws TypeError where an option has the wrong type, but for those that are handed on as they are. */
export function checkedOptions<O extends { readonly tracer?: Tracer }>(
  where: string,
  options: O | undefined,
): O {
  const given = optionsOf(where, options) ?? ({} as O);
  const { tracer } = given;
  if (tracer !== undefined && typeof (tracer as Partial<Tracer> | null)?.startSpan !== 'function')
    throw wrongArgument(where, 'a Tracer as tracer', tracer);
  return given;
}
