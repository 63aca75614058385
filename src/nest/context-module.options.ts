import type { IncomingMessage } from 'node:http';
import type { RequestContext } from './request-context.js';
import type { CorrelationIdOptions, RequestIdOptions } from './request-ids.js';

/**
 * Called at the start of each request, before any guard, inside its unit of work. `request` is Node's own
 * request. Where it throws or rejects the request is answered by Nest's exception layer: an HttpException
 * keeps its status, anything else is a 500 and goes to the log.
 */
export type ContextSetup = (context: RequestContext, request: IncomingMessage) => void | Promise<void>;

export interface ContextModuleOptions {
  /** How each request gets its id. */
  readonly requestId?: RequestIdOptions;
  /** How each request gets its correlation id. */
  readonly correlationId?: CorrelationIdOptions;
  /** Whether responses carry both ids, in the same headers. Default: true. */
  readonly respondWithIds?: boolean;
  /** Sets up the context of each request. Default: none. */
  readonly setup?: ContextSetup;
  /** What shutdown waits for. */
  readonly shutdown?: {
    /** How long shutdown waits for tasks and background calls, in ms; what is left is named in the log. Default: 10000. */
    readonly timeoutMs?: number;
  };
}

/** Of `forRoot` and `forRootAsync`. */
export interface ContextModuleExtras {
  /** Whether `RequestContext` can be injected in every module. Default: true. */
  readonly isGlobal?: boolean;
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
  readonly setup: ContextSetup | undefined;
  readonly shutdownTimeoutMs: number;
}

/** @throws TypeError where an option has the wrong type. */
export function resolveOptions(options: ContextModuleOptions): ResolvedOptions {
  const { requestId = {}, correlationId = {}, respondWithIds = true, setup, shutdown = {} } = options;
  const resolved: ResolvedOptions = {
    requestId: {
      header: requestId.header ?? 'x-request-id',
      accept: requestId.accept ?? true,
      generate: requestId.generate,
    },
    correlationId: {
      header: correlationId.header ?? 'x-correlation-id',
      accept: correlationId.accept ?? true,
    },
    respondWithIds,
    setup,
    shutdownTimeoutMs: shutdown.timeoutMs ?? 10_000,
  };
  check('requestId.header', 'a header name', isHeaderName(resolved.requestId.header));
  check('requestId.accept', 'a boolean or a function', isAccept(resolved.requestId.accept));
  check('requestId.generate', 'a function', isOptionalFunction(requestId.generate));
  check('correlationId.header', 'a header name', isHeaderName(resolved.correlationId.header));
  check('correlationId.accept', 'a boolean or a function', isAccept(resolved.correlationId.accept));
  check('respondWithIds', 'a boolean', typeof respondWithIds === 'boolean');
  check('setup', 'a function', isOptionalFunction(setup));
  check(
    'shutdown.timeoutMs',
    'a number of ms, 0 or more',
    Number.isFinite(resolved.shutdownTimeoutMs) && resolved.shutdownTimeoutMs >= 0,
  );
  return {
    ...resolved,
    // Node gives inbound header names in lower case.
    requestId: { ...resolved.requestId, header: resolved.requestId.header.toLowerCase() },
    correlationId: { ...resolved.correlationId, header: resolved.correlationId.header.toLowerCase() },
  };
}

function check(option: string, expected: string, ok: boolean): void {
  if (!ok) throw new TypeError(`ContextModule: option '${option}' must be ${expected}`);
}

function isHeaderName(name: unknown): boolean {
  return typeof name === 'string' && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
}

function isAccept(accept: unknown): boolean {
  return typeof accept === 'boolean' || typeof accept === 'function';
}

function isOptionalFunction(fn: unknown): boolean {
  return fn === undefined || typeof fn === 'function';
}
