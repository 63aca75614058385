import { type Context, context, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import type { ForeignContext } from '../../core/index.js';
import { isEntrySpan } from './entry-span.js';
import { isOfServer } from './server-sockets.js';
import { isSuppressed, SUPPRESSED } from './suppressed.js';
import { carriedTrace } from './trace-carrier.js';

/** The seam to OpenTelemetry: a state is one of its contexts, which are immutable. */
export function openTelemetryContext(
  isEntry: ((span: Span) => boolean) | undefined,
): ForeignContext<Context> {
  return {
    name: 'opentelemetry',
    // Also where none is active: then none is to be active in what is captured.
    capture: () => context.active(),
    run: (state = ROOT_CONTEXT, fn) => (context.active() === state ? fn() : context.with(state, fn)),
    fork: (state) => state,
    entry: (known) => entryOf(known, isEntry),
    carried: carriedTrace,
  };
}

/** What is active, where it was opened for the work that begins here. */
function entryOf(known: Context | undefined, isEntry?: (span: Span) => boolean): Context | undefined {
  const active = context.active();
  if (active === ROOT_CONTEXT || isOfServer(active)) return undefined;
  // An instrumentation that is told to leave a request alone: not even our own spans are wanted in it.
  if (isSuppressed(active)) return SUPPRESSED;
  const span = trace.getSpan(active);
  // The span of the unit around is not that of another one that begins in it.
  if (span === undefined || span === (known && trace.getSpan(known))) return undefined;
  return isEntrySpan(span, isEntry) ? active : undefined;
}
