import { optionsOf, requireFunction, wrongArgument } from '../../core/internal.js';
import {
  correlationIdFinder,
  type FindCorrelationId,
  type LambdaCorrelationIdOptions,
} from './correlation-id.js';
import type { LambdaInvocation } from './invocation.js';
import { eventLogger, type LogEvent } from './log-event.js';

/** How an invocation ended. */
export interface InvocationEnd {
  /** `failed` where the handler threw, rejected or called back with an error, or the time was up. */
  readonly outcome: 'completed' | 'failed';
  /** From the call of the handler to its answer, in ms, with fractions. */
  readonly durationMs: number;
  /** What the handler failed with; undefined where it did not. */
  readonly error: unknown;
}

/**
 * Called once for each invocation, in its context: after the handler has settled, before its scoped instances are
 * disposed of. It is awaited before the answer goes out; what it throws is reported, and the answer stays.
 */
export type InvocationEndHook = (
  invocation: LambdaInvocation,
  end: InvocationEnd,
) => void | PromiseLike<void>;

export interface LambdaContextOptions<E = unknown> {
  /** Where the correlation id comes from. Default: the header or message attribute `x-correlation-id`. */
  readonly correlationId?: LambdaCorrelationIdOptions<E>;
  /** Whether events are logged. They hold what callers send, secrets too. Default: false. */
  readonly logEvent?: LogEvent<E>;
  /**
   * How long before Lambda ends the function the `signal` of the unit of work aborts, with a `TimeoutError`, in ms.
   * Default: 250.
   */
  readonly abortBeforeTimeoutMs?: number;
  /** Told of the end of each invocation. Default: none. */
  readonly onEnd?: InvocationEndHook;
}

/** The options, checked once, when the handler is wrapped. */
export interface Settings {
  readonly find: FindCorrelationId;
  readonly log: ((event: unknown) => void) | undefined;
  readonly abortBeforeMs: number;
  readonly onEnd: InvocationEndHook | undefined;
}

/** @throws TypeError where an option has the wrong type. */
export function settingsOf<E>(where: string, options: LambdaContextOptions<E> | undefined): Settings {
  const { correlationId, logEvent, abortBeforeTimeoutMs = 250, onEnd } = optionsOf(where, options) ?? {};
  if (typeof abortBeforeTimeoutMs !== 'number' || !(abortBeforeTimeoutMs >= 0))
    throw wrongArgument(where, 'a number of ms, 0 or more, as abortBeforeTimeoutMs', abortBeforeTimeoutMs);
  if (onEnd !== undefined) requireFunction(`${where}: onEnd`, onEnd);
  return {
    find: correlationIdFinder(where, correlationId),
    log: eventLogger(where, logEvent),
    abortBeforeMs: abortBeforeTimeoutMs,
    onEnd,
  };
}
