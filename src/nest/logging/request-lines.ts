import type { IncomingMessage } from 'node:http';
import { Logger, type LogLevel } from '@nestjs/common';
import { currentUnit, type UnitOfWork, withLogContext } from '../../core/index.js';
import { reportError } from '../../core/internal.js';
import type { ContextEnd, ContextSetup, RequestEnd } from '../context-module.options.js';
import type { RequestContext } from '../request-context.js';
import { requestPath } from '../request-path.js';
import { oneLine } from './one-line.js';
import type { RequestLogLevel, ResolvedRequestLog } from './request-log.options.js';

type Fields = Readonly<Record<string, unknown>>;

/** What stays the same from the first line to the last, whatever is written into the request on the way. */
interface Target {
  readonly method: string;
  readonly path: string;
}

/** How much of a path the text of a line has. */
const PATH_LIMIT = 256;

/** Writes a line where a request starts and one where it ends, each in the context of its request. */
export class RequestLines {
  readonly #options: ResolvedRequestLog;
  readonly #globalPrefix: () => string;
  readonly #logger = new Logger('Request');
  /** False for those that have no lines. */
  readonly #targets = new WeakMap<UnitOfWork, Target | false>();

  constructor(options: ResolvedRequestLog, globalPrefix: () => string) {
    this.#options = options;
    this.#globalPrefix = globalPrefix;
  }

  /** A set-up that writes the first line before it does what `setup` does. */
  startedBy(setup: ContextSetup | undefined): ContextSetup {
    return (context, request, response) => {
      this.#write(context, request, undefined);
      return setup?.(context, request, response);
    };
  }

  /** An `onEnd` that writes the last line before it does what `onEnd` does. */
  endedBy(onEnd: ContextEnd | undefined): ContextEnd {
    return (context, end) => {
      this.#write(context, context.request as IncomingMessage, end);
      return onEnd?.(context, end);
    };
  }

  /** Never throws: the request does not depend on its log. */
  #write(context: RequestContext, request: IncomingMessage, end: RequestEnd | undefined): void {
    try {
      const target = this.#targetOf(request);
      const level = target !== false && this.#levelOf(end);
      if (target === false || level === false) return;
      const fields = { ...fieldsOf(target, end), ...this.#fields(context, end) };
      withLogContext(fields, () => this.#logger[level](textOf(fields, end)));
    } catch (error) {
      reportError(error, `in a log line of the request ${context.id}`);
    }
  }

  #levelOf(end: RequestEnd | undefined): LogLevel | false {
    const { levels } = this.#options;
    if (end === undefined) return levels.started;
    const level: RequestLogLevel = levels[end.outcome];
    return typeof level === 'function' ? level(end) : level;
  }

  #fields(context: RequestContext, end: RequestEnd | undefined): Fields | undefined {
    try {
      // A copy: what a getter throws belongs here.
      return { ...this.#options.fields?.(context, end) };
    } catch (error) {
      reportError(error, `in logs.requests.fields of the request ${context.id}`);
      return undefined;
    }
  }

  #targetOf(request: IncomingMessage): Target | false {
    const unit = currentUnit();
    const known = unit && this.#targets.get(unit);
    if (known !== undefined) return known;
    const { excluded, query } = this.#options;
    const target = !excluded.has(request, this.#globalPrefix) && {
      method: request.method ?? '',
      path: requestPath(request, query),
    };
    if (unit !== undefined) this.#targets.set(unit, target);
    return target;
  }
}

function fieldsOf(target: Target, end: RequestEnd | undefined): Fields {
  const { method, path } = target;
  if (end === undefined) return { event: 'request.started', method, path };
  const { outcome, status, durationMs, error } = end;
  return {
    event: `request.${outcome}`,
    method,
    path,
    status,
    durationMs: rounded(durationMs),
    error: error === undefined ? undefined : nameAndMessage(error),
  };
}

/** With the fields as the user has them: what is to be seen nowhere is not to be seen here. */
function textOf({ method, path }: Fields, end: RequestEnd | undefined): string {
  const what = oneLine(`${method} ${String(path).slice(0, PATH_LIMIT)}`);
  if (end === undefined) return `started ${what}`;
  const { outcome, status, durationMs } = end;
  return status === undefined
    ? `${outcome} ${what} after ${rounded(durationMs)} ms`
    : `${outcome} ${what} ${status} in ${rounded(durationMs)} ms`;
}

/** To the µs. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** Without the stack, which is in the line of whoever answered the error. */
function nameAndMessage(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message } = error;
  return { name, message };
}
