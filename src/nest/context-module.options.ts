import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LoggerService } from '@nestjs/common';
import { type ExcludedRoute, ExcludedRoutes } from './excluded-routes.js';
import { type ModuleLogOptions, type ResolvedLogOptions, resolveLogOptions } from './logging/log.options.js';
import {
  type MessageOptions,
  type ResolvedMessageOptions,
  resolveMessageOptions,
} from './messages/message.options.js';
import type { Populator } from './populator.js';
import type { RequestContext } from './request-context.js';
import type { CorrelationIdOptions, RequestIdOptions } from './request-ids.js';

/**
 * Called at the start of each request, before any guard, inside its unit of work, with Node's own request and
 * response. Where it throws or rejects the request is answered by Nest's exception layer: an HttpException
 * keeps its status, anything else is a 500 and goes to the log.
 */
export type ContextSetup = (
  context: RequestContext,
  request: IncomingMessage,
  response: ServerResponse,
) => void | Promise<void>;

/** How a request ended. */
export interface RequestEnd {
  /**
   * - `aborted`: the connection closed before the response was sent in full.
   * - `failed`: otherwise, where an error left the handler (its pipes, interceptors and populators with it) or
   *   the set-up, whatever it was answered with, or where the status is 500 or above.
   * - `completed`: everything else. So what a guard or the router refused with a 4xx is completed.
   */
  readonly outcome: 'completed' | 'failed' | 'aborted';
  /** The status code of the response; undefined where the request was aborted. */
  readonly status: number | undefined;
  /** From the opening of the unit of work to its end, in ms, with fractions. */
  readonly durationMs: number;
  /**
   * What left the handler, a populator or the set-up as an error, also of an aborted request; a `TimeoutError`
   * where `handler.timeoutMs` ended the request. Undefined where there was none, and for errors of guards and
   * middleware, which are answered elsewhere.
   */
  readonly error: unknown;
}

/**
 * Called once for each request, in its context: after the `close` listeners of its response, before its scoped
 * instances are disposed of. It is awaited, and what it throws is logged.
 */
export type ContextEnd = (context: RequestContext, end: RequestEnd) => void | Promise<void>;

export interface ContextModuleOptions {
  /** How each request gets its id. */
  readonly requestId?: RequestIdOptions;
  /** How each request gets its correlation id. */
  readonly correlationId?: CorrelationIdOptions;
  /** Whether responses carry both ids, in the same headers. Default: true. */
  readonly respondWithIds?: boolean;
  /**
   * Requests that get no unit of work: no ids, no headers, no set-up, no populators, no `onEnd`. In them
   * `RequestContext` throws `ERR_NO_ACTIVE_CONTEXT`, unless nestjs-cls's own middleware opens a context for
   * them. Default: none.
   *
   * @example
   * ContextModule.forRoot({ exclude: ['health', 'assets/*', { path: 'login', method: RequestMethod.GET }] });
   */
  readonly exclude?: readonly ExcludedRoute[];
  /** Sets up the context of each request. Default: none. */
  readonly setup?: ContextSetup;
  /** Populates the context of each request before its handler, ahead of any `@Populate`. Default: none. */
  readonly populate?: Populator | readonly Populator[];
  /** Told of the end of each request. Default: none. */
  readonly onEnd?: ContextEnd;
  /**
   * What the module has to do with the logs of the application. Default: nothing.
   *
   * @example
   * ContextModule.forRoot({ logs: { logger: { json: true }, requests: true } });
   */
  readonly logs?: ModuleLogOptions;
  /** What messages of microservices bring with them, and how their context is set up. */
  readonly messages?: MessageOptions;
  readonly handler?: {
    /**
     * How long a handler (its guards, pipes, interceptors and populators with it) may take to its answer, in ms; one
     * that has begun, a stream of events for example, may go on. Then the `signal` of the unit of work aborts with a `TimeoutError`
     * that names this limit, and the unit no longer waits for the handler: it ends, at once or when the response
     * closes. The request is not answered by it. After a client has left, it is also the limit for middleware and
     * guards to come to an end. Default: no limit.
     */
    readonly timeoutMs?: number;
  };
  /**
   * Gets what the module itself has to log: errors that no caller is there to receive (of `onEnd`, of
   * background work, of disposers), what shutdown did not wait for. `false` logs nothing. As long as the
   * application lasts, it gets those errors of the whole process. Default: Nest's logger.
   */
  readonly logger?: LoggerService | false;
  /** What shutdown waits for. */
  readonly shutdown?: {
    /**
     * How long shutdown waits for tasks, background calls, `onEnd` and the disposal of instances, in ms, all in all; what is
     * left is named in the log, and the signals of tasks among it abort with a `TimeoutError`. Default: 10000.
     */
    readonly timeoutMs?: number;
  };
}

/** Of `forRoot` and `forRootAsync`. */
export interface ContextModuleExtras {
  /** Whether `RequestContext` can be injected in every module. Default: true. */
  readonly isGlobal?: boolean;
}

/** What a class given as `useClass` or `useExisting` to `forRootAsync` implements. */
export interface ContextOptionsFactory {
  create(): ContextModuleOptions | Promise<ContextModuleOptions>;
}

/** The options with their defaults, as the rest of the room reads them. */
export interface ResolvedOptions {
  readonly requestId: {
    readonly header: string;
    readonly accept: NonNullable<RequestIdOptions['accept']>;
    readonly generate: RequestIdOptions['generate'];
  };
  readonly correlationId: {
    readonly header: string;
    readonly accept: NonNullable<CorrelationIdOptions['accept']>;
  };
  readonly respondWithIds: boolean;
  readonly excluded: ExcludedRoutes;
  readonly setup: ContextSetup | undefined;
  readonly populate: readonly Populator[];
  readonly onEnd: ContextEnd | undefined;
  readonly logs: ResolvedLogOptions;
  readonly messages: ResolvedMessageOptions;
  readonly handlerTimeoutMs: number | undefined;
  readonly logger: LoggerService | false | undefined;
  readonly shutdownTimeoutMs: number;
}

/** @throws TypeError where an option has the wrong type. */
export function resolveOptions(options: ContextModuleOptions): ResolvedOptions {
  const { requestId = {}, correlationId = {}, respondWithIds = true, setup, onEnd, logger } = options;
  const { exclude = [], populate = [], handler = {}, shutdown = {} } = options;
  const populators = Array.isArray(populate) ? populate : [populate];
  const shutdownTimeoutMs = shutdown.timeoutMs ?? 10_000;
  // Node gives inbound header names in lower case.
  const ownHeader = headerName('requestId.header', requestId.header ?? 'x-request-id');
  const sharedHeader = headerName('correlationId.header', correlationId.header ?? 'x-correlation-id');
  check('requestId.accept', 'a boolean or a function', isAccept(requestId.accept));
  check('requestId.generate', 'a function', isOptionalFunction(requestId.generate));
  check('correlationId.accept', 'a boolean or a function', isAccept(correlationId.accept));
  check('respondWithIds', 'a boolean', typeof respondWithIds === 'boolean');
  check('exclude', 'an array of routes', Array.isArray(exclude));
  check('setup', 'a function', isOptionalFunction(setup));
  check('populate', 'functions or classes of providers', populators.every(isFunction));
  check('onEnd', 'a function', isOptionalFunction(onEnd));
  check(
    'handler.timeoutMs',
    'a number of ms, above 0',
    handler.timeoutMs !== 0 && isTimeout(handler.timeoutMs),
  );
  check('logger', 'a LoggerService or false', isLogger(logger));
  check('shutdown.timeoutMs', 'a number of ms, 0 or more', isTimeout(shutdownTimeoutMs));
  return {
    requestId: { header: ownHeader, accept: requestId.accept ?? true, generate: requestId.generate },
    correlationId: { header: sharedHeader, accept: correlationId.accept ?? true },
    respondWithIds,
    excluded: new ExcludedRoutes(exclude),
    setup,
    populate: populators,
    onEnd,
    logs: resolveLogOptions(options.logs ?? {}, check),
    messages: resolveMessageOptions(options.messages ?? {}, check),
    handlerTimeoutMs: handler.timeoutMs,
    logger,
    shutdownTimeoutMs,
  };
}

function check(option: string, expected: string, ok: boolean): void {
  if (!ok) throw new TypeError(`ContextModule: option '${option}' must be ${expected}`);
}

function headerName(option: string, name: unknown): string {
  check(option, 'a header name', typeof name === 'string' && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name));
  return String(name).toLowerCase();
}

function isAccept(accept: unknown): boolean {
  return typeof accept === 'boolean' || isOptionalFunction(accept);
}

function isFunction(fn: unknown): boolean {
  return typeof fn === 'function';
}

function isOptionalFunction(fn: unknown): boolean {
  return fn === undefined || isFunction(fn);
}

/** Beyond this, Node's timers fire at once. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

function isTimeout(ms: unknown): boolean {
  return ms === undefined || (typeof ms === 'number' && ms >= 0 && ms <= LONGEST_TIMEOUT);
}

function isLogger(logger: unknown): boolean {
  if (logger === undefined || logger === false) return true;
  const { error, warn } = (logger ?? {}) as Partial<LoggerService>;
  return isFunction(error) && isFunction(warn);
}
