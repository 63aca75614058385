import type { LoggerOptions } from 'pino';
import { escapeLogJson, optionsOf, requireFunction } from '../../core/internal.js';
import { safeArguments } from './safe-arguments.js';

/** The option `hooks` of pino. */
export type PinoHooks = NonNullable<LoggerOptions['hooks']>;

/**
 * `hooks` for pino that have a line come out of whatever is passed by hand. Where pino throws at it (a getter, a proxy or
 * a `toString` that throws), a safe copy is logged in its place, at most 1 KiB of each member. In the whole line, what
 * JSON leaves raw and a terminal or a reader of lines does not (DEL, C1, U+2028, U+2029, bidi controls) is escaped: it
 * means the same. What throws again is thrown: a serializer or formatter of your own, a destination that is closed.
 *
 * @param hooks of your own, which are called too.
 * @throws TypeError where one of them is no function.
 *
 * @example
 * const logger = pino({ mixin: contextMixin(), hooks: safeHooks() });
 */
export function safeHooks(hooks?: PinoHooks): Required<PinoHooks> {
  const { logMethod, streamWrite } = optionsOf('safeHooks', hooks) ?? {};
  if (logMethod !== undefined) requireFunction('safeHooks: logMethod', logMethod);
  if (streamWrite !== undefined) requireFunction('safeHooks: streamWrite', streamWrite);
  return {
    ...hooks,
    logMethod(args, method, level) {
      // Pino writes no JSON for it.
      if (typeof args[0] === 'symbol') args[0] = String(args[0]);
      try {
        if (logMethod === undefined) method.apply(this, args);
        else logMethod.call(this, args, method, level);
      } catch {
        method.apply(this, safeArguments(args) as typeof args);
      }
    },
    streamWrite: (line) => escapeLogJson(streamWrite === undefined ? line : streamWrite(line)),
  };
}
