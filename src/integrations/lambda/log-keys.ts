import { ContextVar } from '../../core/index.js';
import { wrongArgument } from '../../core/internal.js';
import { currentInvocation } from './invocation.js';

/** What log lines carry beside their message. */
export type LogKeys = Readonly<Record<string, unknown>>;

const appended = new ContextVar<LogKeys>('lambdaLogKeys');

/**
 * Adds keys to the log lines of this invocation. They are held in its context: another invocation never sees them, and
 * those that a task or a `gather` branch appends stay there. Source: `appendKeys` of AWS Lambda Powertools.
 *
 * @throws ContextError `ERR_NO_ACTIVE_CONTEXT` outside any context. TypeError where `keys` is no object of keys.
 *
 * @example
 * appendKeys({ orderId: order.id });
 */
export function appendKeys(keys: LogKeys): void {
  if (typeof keys !== 'object' || keys === null || Array.isArray(keys))
    throw wrongArgument('appendKeys', 'an object of keys', keys);
  const { __proto__: _, ...own } = keys as Record<string, unknown>;
  appended.set({ ...appended.get(undefined), ...own });
}

/**
 * Takes keys away that `appendKeys` has added, those that are there. Source: `removeKeys` of AWS Lambda Powertools.
 *
 * @throws ContextError `ERR_NO_ACTIVE_CONTEXT` outside any context. TypeError where `names` is no array of strings.
 */
export function removeKeys(names: readonly string[]): void {
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string'))
    throw wrongArgument('removeKeys', 'an array of key names', names);
  const left = Object.entries(appended.get({})).filter(([name]) => !names.includes(name));
  appended.set(Object.fromEntries(left));
}

/**
 * Takes all keys away that `appendKeys` has added. Each invocation begins without any, so this is for what goes on
 * within one. Source: `resetKeys` of AWS Lambda Powertools.
 *
 * @throws ContextError `ERR_NO_ACTIVE_CONTEXT` outside any context.
 */
export function resetKeys(): void {
  appended.set({});
}

/**
 * The keys for a log line that is written here, for a logger to merge: those of the invocation, named as in AWS Lambda
 * Powertools, and over them the appended ones. Outside any context there are none.
 *
 * @example
 * const logger = pino({ mixin: () => logKeys() });
 */
export function logKeys(): Record<string, unknown> {
  const keys = appended.get(undefined);
  const invocation = currentInvocation.get(undefined);
  if (invocation === undefined) return { ...keys };
  return {
    function_name: invocation.functionName,
    function_version: invocation.functionVersion,
    function_request_id: invocation.requestId,
    cold_start: invocation.coldStart,
    correlation_id: invocation.correlationId,
    ...keys,
  };
}
