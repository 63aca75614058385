import { type Span } from '@opentelemetry/api';
import { registerForeignContext } from '../../core/index.js';
import { optionsOf, registerTrace, requireFunction } from '../../core/internal.js';
import { openTelemetryContext } from './open-telemetry-context.js';
import { watchServers } from './server-sockets.js';
import { activeSpanContext, registerTraceFields, type TraceFieldNames } from './trace-fields.js';

export interface OpenTelemetryOptions {
  /**
   * How the fields of log records are called; `false` for none of them. Default: `trace_id`, `span_id` and `trace_flags`,
   * as OpenTelemetry calls them in log formats that are not its own.
   */
  readonly logFields?: TraceFieldNames | false;
  /**
   * Of which spans besides it is known that they were opened for just the unit of work that begins in them, which keeps
   * such a one. Called with the span that is active there. Default: of none, but for those of kind `SERVER` and `CONSUMER`.
   */
  readonly isEntry?: (span: Span) => boolean;
}

/**
 * Makes OpenTelemetry's active context move along with ours: tasks, preserved calls, bound functions, copied Contexts, jobs
 * and worker calls have the one that was active where they were captured, and none where none was. A unit of work that
 * begins empty begins without a span, unless an instrumentation has opened one for it. Log records and `RequestContext`
 * have the ids of the active span.
 *
 * Process-wide, for the start of the process and of each worker thread, before or after the SDK is set up; it needs none.
 * Called again, the options of the last call count. Baggage is not carried to other processes.
 *
 * @throws TypeError where an option has the wrong type.
 *
 * @example
 * registerOpenTelemetry();
 * await withSpan('import', () => createTask(async () => trace.getActiveSpan())); // that of the import
 */
export function registerOpenTelemetry(options?: OpenTelemetryOptions): void {
  const where = 'registerOpenTelemetry';
  const { logFields, isEntry } = optionsOf(where, options) ?? {};
  if (isEntry !== undefined) requireFunction(`${where}: isEntry`, isEntry);
  registerTraceFields(where, logFields);
  registerTrace(activeSpanContext);
  registerForeignContext(openTelemetryContext(isEntry));
  watchServers();
}
