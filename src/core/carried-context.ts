import { type Context, copyContext } from './context.js';
import { currentFrame } from './foreign-context.js';
import { correlationId, currentCorrelationId, ID_PATTERN, requestId } from './ids.js';

/**
 * A copy of the current Context for a message; outside any an empty one, but for what other libraries have active. Where
 * no conversation has been named yet, the unit of work that sends begins one: all that comes of it can then be found by
 * the id of what began it.
 */
export function carriedContext(): Context {
  const context = copyContext();
  if (currentFrame() === undefined) return context;
  const isNamed = context.has(requestId) || context.has(correlationId);
  const id = currentCorrelationId();
  if (!isNamed && id !== undefined && ID_PATTERN.test(id)) context.run(() => correlationId.set(id));
  return context;
}
