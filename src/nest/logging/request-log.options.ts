import type { LogLevel } from '@nestjs/common';
import type { RequestEnd } from '../context-module.options.js';
import { type ExcludedRoute, ExcludedRoutes } from '../excluded-routes.js';
import type { RequestContext } from '../request-context.js';

/** The level of a line, `false` for no line, or a function that says so for each request that ends. */
export type RequestLogLevel = LogLevel | false | ((end: RequestEnd) => LogLevel | false);

/** Fields of a line beside `event`, `method`, `path`, `status`, `durationMs` and `error`; in place of those they are called like. */
export type RequestLogFields = (
  context: RequestContext,
  end?: RequestEnd,
) => Readonly<Record<string, unknown>> | undefined;

export interface RequestLogOptions {
  /**
   * The level of each line. Default: `log` for `started` and `completed`, `warn` for `aborted`, and for `failed` `error`,
   * or `warn` where it was answered with a status below 500.
   *
   * @example
   * ContextModule.forRoot({ logs: { requests: { levels: { started: false, completed: 'debug' } } } });
   */
  readonly levels?: {
    readonly started?: LogLevel | false;
    readonly completed?: RequestLogLevel;
    readonly failed?: RequestLogLevel;
    readonly aborted?: RequestLogLevel;
  };
  /**
   * Called for each line, inside the request, with what is known of its end: undefined where it starts. What it throws is
   * logged, and the line goes without these fields. Default: none.
   */
  readonly fields?: RequestLogFields;
  /** Requests that have a unit of work, but no lines; written as `exclude` of the module. Default: none. */
  readonly exclude?: readonly ExcludedRoute[];
  /** Whether `path` has the query string too, where tokens and personal data often are. Default: false. */
  readonly query?: boolean;
}

export interface ResolvedRequestLog {
  readonly levels: {
    readonly started: LogLevel | false;
    readonly completed: RequestLogLevel;
    readonly failed: RequestLogLevel;
    readonly aborted: RequestLogLevel;
  };
  readonly fields: RequestLogFields | undefined;
  readonly excluded: ExcludedRoutes;
  readonly query: boolean;
}

type Check = (option: string, expected: string, ok: boolean) => void;

const LEVELS: readonly unknown[] = ['verbose', 'debug', 'log', 'warn', 'error', 'fatal', false];

export function resolveRequestLog(options: RequestLogOptions, check: Check): ResolvedRequestLog {
  const { levels = {}, fields, exclude = [], query = false } = options;
  const isRecord = typeof levels === 'object' && levels !== null;
  check('logs.requests.levels', 'an object', isRecord);
  const { started = 'log', completed = 'log', failed = levelOfFailure, aborted = 'warn' } = levels;
  check('logs.requests.levels.started', 'a log level or false', isLevel(started));
  for (const [outcome, level] of Object.entries({ completed, failed, aborted })) {
    const ok = isLevel(level) || typeof level === 'function';
    check(`logs.requests.levels.${outcome}`, 'a log level, false or a function', ok);
  }
  check('logs.requests.fields', 'a function', fields === undefined || typeof fields === 'function');
  check('logs.requests.exclude', 'an array of routes', Array.isArray(exclude));
  check('logs.requests.query', 'a boolean', typeof query === 'boolean');
  const excluded = new ExcludedRoutes(exclude);
  return { levels: { started, completed, failed, aborted }, fields, excluded, query };
}

/** What an error says to the client is a matter of the client. */
function levelOfFailure({ status }: RequestEnd): LogLevel {
  return status !== undefined && status < 500 ? 'warn' : 'error';
}

function isLevel(level: unknown): boolean {
  return LEVELS.includes(level);
}
