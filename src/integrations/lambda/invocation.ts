import { ContextError, ContextVar } from '../../core/index.js';
import type { Unit } from '../../core/internal.js';
import type { TimeLimit } from './time-limit.js';

/** What is known of the invocation that the running code works for. */
export interface LambdaInvocation {
  /** The AWS request id; a UUID where the runtime gives none that matches `^[A-Za-z0-9._-]{1,128}$`. */
  readonly requestId: string;
  readonly functionName: string | undefined;
  readonly functionVersion: string | undefined;
  /** True in the first invocation of this process (of this worker thread), and in no other. */
  readonly coldStart: boolean;
  /** The id that came with the event, or with the record that is being processed; else the id of the invocation or record. */
  readonly correlationId: string;
  /** Milliseconds until Lambda ends the function: 0 once the invocation is over, `Infinity` where there is no limit. */
  getRemainingTimeInMillis(): number;
}

type InvocationInfo = Omit<LambdaInvocation, 'getRemainingTimeInMillis'>;

export class Invocation implements LambdaInvocation {
  readonly requestId: string;
  readonly functionName: string | undefined;
  readonly functionVersion: string | undefined;
  readonly coldStart: boolean;
  readonly correlationId: string;
  readonly #limit: TimeLimit;

  constructor(info: InvocationInfo, limit: TimeLimit) {
    this.requestId = info.requestId;
    this.functionName = info.functionName;
    this.functionVersion = info.functionVersion;
    this.coldStart = info.coldStart;
    this.correlationId = info.correlationId;
    this.#limit = limit;
  }

  getRemainingTimeInMillis(): number {
    return this.#limit.left;
  }

  /** Whether it is the invocation that the runtime's `context` belongs to, and not over. */
  isOf(context: unknown): boolean {
    return this.#limit.isOf(context);
  }

  /** The same invocation, as a part of it sees it that has a correlation id of its own. */
  with(correlationId: string): Invocation {
    return new Invocation({ ...this, correlationId }, this.#limit);
  }

  /** Lets `unit` end with the time of the invocation; see {@link TimeLimit.guard}. */
  limit(unit: Unit): void {
    this.#limit.guard(unit);
  }
}

/** The invocation that the running code works for; in its tasks too. */
export const currentInvocation: ContextVar<Invocation> = new ContextVar('lambdaInvocation');

/**
 * What is known of the invocation that the running code works for, in its tasks and records too. After the end of the
 * invocation it stays readable for work left running.
 *
 * @throws ContextError `ERR_NO_ACTIVE_CONTEXT` outside any invocation.
 *
 * @example
 * export const handler = withLambdaContext(async () => {
 *   const { requestId, coldStart } = lambdaInvocation();
 *   return { requestId, coldStart };
 * });
 */
export function lambdaInvocation(): LambdaInvocation {
  const invocation = currentInvocation.get(undefined);
  if (invocation !== undefined) return invocation;
  throw new ContextError(
    'ERR_NO_ACTIVE_CONTEXT',
    'lambdaInvocation: this code runs in no Lambda invocation; wrap the handler in withLambdaContext.',
  );
}
