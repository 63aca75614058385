import {
  type Context,
  createTraceState,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  trace,
} from '@opentelemetry/api';
import type { ForeignContext } from '../../core/index.js';
import { isSuppressed } from './suppressed.js';

// Beside the ids of the library in a carrier; what stands there is what W3C Trace Context has in the headers of these names.
const PARENT = 'context.traceparent';
const STATE = 'context.tracestate';

/** https://www.w3.org/TR/trace-context/#traceparent-header; a later version may have more at the end. */
const TRACEPARENT = /^(?!ff)([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const VERSION = '00';
/** What everybody has to be able to hand on of a tracestate. */
const MAX_STATE = 512;

/** Parents that came with a carrier. */
const parents = new WeakSet<Span>();

/** How the active span crosses a process boundary. By hand, because it takes more than the API otherwise. */
export const carriedTrace: NonNullable<ForeignContext<Context>['carried']> = {
  write(state) {
    const { traceId, spanId, traceFlags, traceState } = trace.getSpanContext(state) ?? INVALID_SPAN_CONTEXT;
    if (!isSpanContextValid({ traceId, spanId, traceFlags }) || isSuppressed(state)) return {};
    const flags = (traceFlags & 0xff).toString(16).padStart(2, '0');
    const text = traceState?.serialize() ?? '';
    return {
      [PARENT]: `${VERSION}-${traceId}-${spanId}-${flags}`,
      ...(text !== '' && text.length <= MAX_STATE && { [STATE]: text }),
    };
  },

  read(text) {
    const [, version, traceId = '', spanId = '', flags = '', more] =
      TRACEPARENT.exec(text(PARENT) ?? '') ?? [];
    const traceFlags = Number.parseInt(flags, 16);
    if (!isSpanContextValid({ traceId, spanId, traceFlags })) return undefined;
    if (version === VERSION && more !== undefined) return undefined;
    const traceState = text(STATE);
    const parent = trace.wrapSpanContext({
      traceId,
      spanId,
      traceFlags,
      isRemote: true,
      ...(traceState !== undefined && { traceState: createTraceState(traceState) }),
    });
    parents.add(parent);
    return trace.setSpan(ROOT_CONTEXT, parent);
  },

  forget(state) {
    const parent = trace.getSpan(state);
    // The context is in force by now, and cannot be changed: the parent in it is none any more.
    if (parent !== undefined && parents.has(parent)) parent.spanContext = () => INVALID_SPAN_CONTEXT;
  },
};
