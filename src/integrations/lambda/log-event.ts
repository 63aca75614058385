import { reportError, wrongArgument } from '../../core/internal.js';
import { isThenable } from './lambda-event.js';
import { type LogKeys, logKeys } from './log-keys.js';

/**
 * Whether events are logged: by `true` as one line of JSON on the standard output, by a function however it likes. A
 * function that throws is reported, and the invocation goes on.
 */
export type LogEvent<E = unknown> = boolean | ((event: E, keys: LogKeys) => unknown);

/** @throws TypeError where `option` is neither a boolean nor a function. */
export function eventLogger<E>(
  where: string,
  option: LogEvent<E> | undefined,
): ((event: unknown) => void) | undefined {
  if (option !== undefined && typeof option !== 'boolean' && typeof option !== 'function')
    throw wrongArgument(where, 'a boolean or a function as logEvent', option);
  if (option === undefined || option === false) return undefined;
  const log = option === true ? printEvent : (option as (event: unknown, keys: LogKeys) => unknown);
  const report = (error: unknown) => reportError(error, `in logEvent of ${where}`);
  return (event) => {
    try {
      const logged = log(event, logKeys());
      if (isThenable(logged)) logged.then(undefined, report);
    } catch (error) {
      report(error);
    }
  };
}

function printEvent(event: unknown, keys: LogKeys): void {
  console.info(JSON.stringify({ level: 'INFO', message: 'Lambda invocation event', ...keys, event }));
}
