import { ContextError } from '../../core/index.js';
import { correlationId, optionsOf } from '../../core/internal.js';
import { correlationIdFinder, type LambdaCorrelationIdOptions } from './correlation-id.js';
import { currentInvocation } from './invocation.js';
import { eventLogger, type LogEvent } from './log-event.js';

export interface LambdaMiddlewareOptions {
  /** Looks for the correlation id once more, in the event as the middlewares before have made it. Default: not. */
  readonly correlationId?: LambdaCorrelationIdOptions;
  /** Whether the event is logged, as the middlewares before have made it. Default: false. */
  readonly logEvent?: LogEvent;
}

/** A middleware of middy, as far as this one goes. */
export interface LambdaMiddleware {
  before(request: { readonly event: unknown }): void;
}

/**
 * A middy middleware for what depends on its place in the chain: the correlation id and the log line of an event that
 * other middlewares parse or normalise first. The context itself is opened by `withLambdaContext` around the chain: middy
 * calls a middleware beside the handler and not around it, so none can open a context that the handler would run in, and
 * none is sure to be called at the end (middyjs/middy#1661). Where
 * `withLambdaContext` was forgotten it stops the invocation.
 *
 * @throws TypeError where an option has the wrong type. In an invocation: ContextError `ERR_NO_ACTIVE_CONTEXT` where the
 * chain is not in `withLambdaContext`.
 *
 * @example
 * export const handler = withLambdaContext(middy())
 *   .use(httpJsonBodyParser())
 *   .use(lambdaContext({ correlationId: { path: 'body.correlationId' } }))
 *   .handler(async (event) => { ... });
 */
export function lambdaContext(options?: LambdaMiddlewareOptions): LambdaMiddleware {
  const where = 'lambdaContext';
  const given = optionsOf(where, options) ?? {};
  const find = given.correlationId && correlationIdFinder(where, given.correlationId);
  const log = eventLogger(where, given.logEvent);
  return {
    before: ({ event }) => {
      const invocation = currentInvocation.get(undefined);
      if (invocation === undefined) {
        throw new ContextError(
          'ERR_NO_ACTIVE_CONTEXT',
          'lambdaContext: this middy chain runs in no Lambda invocation; put it in withLambdaContext: withLambdaContext(middy()).use(...)',
        );
      }
      const id = find?.(event);
      if (id !== undefined) {
        currentInvocation.set(invocation.with(id));
        correlationId.set(id);
      }
      log?.(event);
    },
  };
}
