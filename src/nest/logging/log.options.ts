import type { ContextLoggerOptions } from './context-logger.options.js';
import { type RequestLogOptions, type ResolvedRequestLog, resolveRequestLog } from './request-log.options.js';

/** What the module has to do with the logs of the application. */
export interface ModuleLogOptions {
  /**
   * Whether the module's `ContextLogger` takes the place of Nest's own logger: then every `Logger` writes with it, from
   * the moment the module is made until the application is closed. A logger that the application is given
   * (`NestFactory.create(AppModule, { logger })`, `app.useLogger`, the one of a testing module) stays, `false` too.
   * Options are those of the `ContextLogger`; with `{ json: process.env.LOG_FORMAT === 'json' }` a variable of the
   * environment decides. Default: false; the `ContextLogger` can be injected all the same.
   */
  readonly logger?: boolean | ContextLoggerOptions;
  /**
   * Whether each request has a log line where it starts and one where it ends, by Nest's `Logger`, in the context of
   * the request. Default: false.
   */
  readonly requests?: boolean | RequestLogOptions;
}

export interface ResolvedLogOptions {
  readonly takesOver: boolean;
  readonly logger: ContextLoggerOptions | undefined;
  readonly requests: ResolvedRequestLog | undefined;
}

type Check = (option: string, expected: string, ok: boolean) => void;

export function resolveLogOptions(logs: ModuleLogOptions, check: Check): ResolvedLogOptions {
  check('logs', 'an object', isSwitchable(logs) && typeof logs !== 'boolean');
  const { logger = false, requests = false } = logs;
  check('logs.logger', 'a boolean or the options of a ContextLogger', isSwitchable(logger));
  check('logs.requests', 'a boolean or an object', isSwitchable(requests));
  return {
    takesOver: logger !== false,
    logger: typeof logger === 'boolean' ? undefined : logger,
    requests: requests === false ? undefined : resolveRequestLog(requests === true ? {} : requests, check),
  };
}

function isSwitchable(option: unknown): boolean {
  return (
    typeof option === 'boolean' || (typeof option === 'object' && option !== null && !Array.isArray(option))
  );
}
