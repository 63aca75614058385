import { runUnitOfWork } from '../../core/index.js';
import { correlationId, currentFrame, ID_PATTERN, requestId, type Unit } from '../../core/internal.js';
import { isColdStart } from './cold-start.js';
import { currentInvocation, Invocation } from './invocation.js';
import { isThenable, type LambdaFunctionContext } from './lambda-event.js';
import type { InvocationEndHook, Settings } from './settings.js';
import { TimeLimit } from './time-limit.js';

/** Boxed, because anything can be thrown, `undefined` too. */
interface Failure {
  readonly error: unknown;
}

/**
 * Runs `handle` as the unit of work of one invocation, which starts empty. The end of the unit is awaited before a
 * promise settles: once Lambda has the answer it freezes the process, with all that is pending in it.
 */
export function runInvocation(
  settings: Settings,
  event: unknown,
  context: unknown,
  handle: () => unknown,
): unknown {
  const given = contextOf(context);
  const id = given.awsRequestId;
  const options = typeof id === 'string' && ID_PATTERN.test(id) ? { kind: 'lambda', id } : { kind: 'lambda' };
  let unit: Unit | undefined;
  try {
    return runUnitOfWork(options, () => {
      unit = currentFrame()?.unit as Unit;
      const invocation = begin(unit, settings, event, given);
      const { onEnd } = settings;
      return onEnd === undefined ? handle() : handleToEnd(unit, invocation, onEnd, handle);
    });
  } catch (error) {
    const ending = unit?.end();
    if (ending === undefined) throw error;
    return ending.then(() => {
      throw error;
    });
  }
}

/** Of whatever a test calls a handler with. */
function contextOf(context: unknown): Partial<LambdaFunctionContext> {
  return typeof context === 'object' && context !== null ? context : {};
}

function begin(
  unit: Unit,
  settings: Settings,
  event: unknown,
  context: Partial<LambdaFunctionContext>,
): Invocation {
  const { id } = unit;
  const limit = new TimeLimit(context, settings.abortBeforeMs);
  const info = {
    requestId: id,
    functionName: context.functionName,
    functionVersion: context.functionVersion,
    coldStart: isColdStart(),
    correlationId: settings.find(event) ?? id,
  };
  const invocation = new Invocation(info, limit);
  // As `set` does at the base of a unit, at half of its time.
  const { cell } = unit;
  cell.write(requestId.index, id);
  cell.write(correlationId.index, invocation.correlationId);
  cell.write(currentInvocation.index, invocation);
  limit.guard(unit);
  unit.onRelease(() => limit.lift());
  settings.log?.(event);
  return invocation;
}

/** Notes how `handle` ends, for the hook. */
function handleToEnd(
  unit: Unit,
  invocation: Invocation,
  onEnd: InvocationEndHook,
  handle: () => unknown,
): unknown {
  let settled = false;
  let failure: Failure | undefined;
  const fail = (error: unknown): never => {
    failure = { error };
    throw error;
  };
  const complete = <R>(result: R): R => {
    settled = true;
    return result;
  };
  unit.on('end', () => {
    // The time is up, and the handler has not come to an end.
    if (!settled) failure ??= { error: unit.signal.reason };
    const outcome = failure === undefined ? 'completed' : 'failed';
    return onEnd(invocation, { outcome, durationMs: unit.elapsed, error: failure?.error });
  });
  let result: unknown;
  try {
    result = handle();
  } catch (error) {
    return fail(error);
  }
  return isThenable(result) ? Promise.resolve(result).then(complete, fail) : complete(result);
}
