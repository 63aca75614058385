import { ContextError, type ContextVar, currentUnit, type Token } from '../../core/index.js';
import { type AcceptedVariable, acceptedBaggage, type HttpRequestLike } from './accepted-baggage.js';
import type { BaggageRefusal } from './baggage.js';

export interface AcceptedHttpContext {
  /** The variables that have been set. */
  readonly variables: readonly ContextVar<unknown>[];
  /** Why the whole `baggage` was refused; undefined where it was not, and where it was not looked at. */
  readonly refused: BaggageRefusal | undefined;
}

/**
 * Sets variables of the current context to what the `baggage` of a request says, one by one, and each only where its
 * peer is trusted with it. Nothing else of the `baggage` is used; ids are the business of `ContextModule`.
 *
 * A `baggage` that is not well-formed, too large (8192 bytes, 64 entries, 256 bytes for one), says something twice, has
 * control characters or a value that a codec did not write is refused whole: nothing is set, and the request goes on
 * without it. The result says so, and a message on the diagnostics channel `nestjs-contextvars:http:refused`, neither
 * with any of the content. The `baggage` of a peer that is trusted with nothing is not looked at.
 *
 * @throws ContextError `ERR_NO_ACTIVE_CONTEXT` outside any context; `ERR_NOT_PORTABLE` for a variable without a codec
 * or a ScopedValue: that one never comes from outside.
 *
 * @example
 * ContextModule.forRoot({
 *   setup(context, request) {
 *     acceptHttpContext(request, [{ variable: tenant, from: isGateway }]);
 *   },
 * });
 */
export function acceptHttpContext<R extends HttpRequestLike>(
  request: R,
  accepted: readonly AcceptedVariable<R>[],
): AcceptedHttpContext {
  if (currentUnit() === undefined) {
    throw new ContextError(
      'ERR_NO_ACTIVE_CONTEXT',
      'acceptHttpContext was called outside any context; call it in the set-up of ContextModule, or inside ' +
        'runUnitOfWork; extractHttpContext gives a Context to begin one with.',
    );
  }
  const { context, refused } = acceptedBaggage('acceptHttpContext', request, accepted);
  setAll([...context.entries()]);
  return { variables: [...context.keys()], refused };
}

/** All of them or none: a temporary binding that has ended refuses to be set. */
function setAll(bindings: readonly (readonly [ContextVar<unknown>, unknown])[]): void {
  const done: [ContextVar<unknown>, Token<unknown>][] = [];
  try {
    for (const [variable, value] of bindings) done.push([variable, variable.set(value)]);
  } catch (error) {
    for (const [variable, token] of done.reverse()) variable.reset(token);
    throw error;
  }
}
