import { inspect } from 'node:util';
import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import type { LogValue } from '../../core/index.js';
import { logRecord, toLogValue } from '../../core/internal.js';
import { type ContextLoggerOptions, withDefaults } from './context-logger.options.js';
import { errorLines, stackLines } from './error-lines.js';
import { fieldPairs } from './field-pairs.js';
import { addFields, recordText } from './json-record.js';
import { publishLines } from './log-diagnostics.js';
import { inspected, linesLast, oneLine, safeText, shortLine } from './one-line.js';
import { harmless, resolved } from './resolved-message.js';

type Params = Record<string, unknown>;

const LABELS: Readonly<Record<LogLevel, string>> = {
  log: '    LOG',
  error: '  ERROR',
  warn: '   WARN',
  debug: '  DEBUG',
  verbose: 'VERBOSE',
  fatal: '  FATAL',
};

/** What Nest makes a record in JSON of; `params` and `error` since Nest 12. */
interface JsonParts {
  readonly context: string;
  readonly logLevel: LogLevel;
  readonly writeStreamType?: 'stdout' | 'stderr';
  readonly errorStack?: unknown;
  readonly params?: Params;
  readonly error?: Error;
}

/**
 * Nest's `ConsoleLogger` with the fields of the context in each line: what `logFields()` gives where it is written. As
 * text they are ` key=value` behind the message, in JSON keys of the record, whose own win: a field called `message` is
 * written as `message_`.
 *
 * One record is one line, whatever the message, the fields and what else is logged contain, and nothing that they do
 * when they are looked at is an error. Only the frames of a stack have lines of their own, indented, and not in JSON.
 *
 * @throws TypeError where an argument has the wrong type.
 *
 * @example
 * const app = await NestFactory.create(AppModule, { logger: new ContextLogger({ json: true }) });
 */
export class ContextLogger extends ConsoleLogger {
  /** Whether a class that extends this one has a say in how values are written. */
  readonly #replaces: boolean;
  /** The last one that was written, and how: most loggers have but one. */
  #context: string | undefined;
  #contextText = '';

  constructor();
  constructor(context: string);
  constructor(options: ContextLoggerOptions);
  constructor(context: string, options: ContextLoggerOptions);
  constructor(contextOrOptions?: string | ContextLoggerOptions, options?: ContextLoggerOptions) {
    const named = typeof contextOrOptions === 'string';
    const settled = withDefaults('new ContextLogger', named ? options : (options ?? contextOrOptions));
    super((named ? contextOrOptions : settled.context) as string, settled);
    this.#replaces = this.stringifyReplacer !== super.stringifyReplacer;
  }

  protected override getContextAndMessagesToPrint(args: unknown[]) {
    try {
      return super.getContextAndMessagesToPrint(args);
    } catch {
      // Nest 12 asks all but the first whether they are plain objects, and reads these.
      return super.getContextAndMessagesToPrint(args.map(toLogValue));
    }
  }

  protected override printMessages(
    messages: unknown[],
    context = '',
    logLevel: LogLevel = 'log',
    writeStreamType: 'stdout' | 'stderr' = 'stdout',
    errorStack?: unknown,
    params?: Params,
  ): void {
    const [message] = messages;
    const { json, forceConsole, redact } = this.options;
    if (messages.length !== 1 || !isText(message) || json || forceConsole || redact !== undefined) {
      const safe = messages.map((any) => (isText(any) ? any : this.#harmless(any)));
      publishLines(redact === undefined ? safe : safe.map((any) => this.redact(any)), logLevel, context);
      super.printMessages(safe, context, logLevel, writeStreamType, errorStack, params);
      return;
    }
    publishLines(messages, logLevel, context);
    // Most lines: what Nest does for them, without what it does for others.
    const pid = this.formatPid(process.pid);
    const about = this.formatContext(context);
    const since = this.updateAndGetTimestampDiff();
    const line = this.formatMessage(logLevel, message, pid, LABELS[logLevel], about, since, params);
    process[writeStreamType].write(line);
  }

  protected override printAsJson(message: unknown, parts: JsonParts): void {
    if (!this.options.colors && this.options.compact === true) super.printAsJson(message, parts);
    else this.#printInspected(this.getJsonLogObject(message, parts), parts.writeStreamType);
  }

  protected override getJsonLogObject(message: unknown, parts: JsonParts) {
    const record = this.#recordOf(message, parts);
    addFields(record, this.#fields());
    return record;
  }

  protected override stringifyJsonLogObject(record: Record<string, unknown>): string {
    return recordText(record, this.#replaces, (any) => super.stringifyJsonLogObject(any));
  }

  protected override formatMessage(
    logLevel: LogLevel,
    message: unknown,
    pidMessage: string,
    formattedLogLevel: string,
    contextMessage: string,
    timestampDiff: string,
    params?: Params,
  ): string {
    let after = fieldPairs(this.#fields()) + timestampDiff;
    if (params !== undefined) after = ` ${this.stringifyParams(params)}${after}`;
    const text = super.formatMessage(logLevel, message, pidMessage, formattedLogLevel, contextMessage, after);
    return isText(message) ? text : linesLast(text, after);
  }

  protected override formatContext(context: string): string {
    if (context !== this.#context) {
      this.#context = context;
      this.#contextText = shortLine(context);
    }
    return super.formatContext(this.#contextText);
  }

  protected override stringifyMessage(message: unknown, logLevel: LogLevel): string {
    const value = isText(message) ? message : this.resolveMessage(message);
    if (isText(value)) return super.stringifyMessage(oneLine(value), logLevel);
    try {
      if (value instanceof Error) return errorLines(value);
      return inspected(super.stringifyMessage(value, logLevel), this.inspectOptions);
    } catch {
      return safeText(value);
    }
  }

  protected override stringifyParams(params: Params): string {
    try {
      return inspected(super.stringifyParams(params));
    } catch {
      return safeText(params);
    }
  }

  protected override printStackTrace(stack: string): void {
    super.printStackTrace(isText(stack) ? stackLines(stack) : stack);
  }

  /** As in Nest 12; Nest 11 does so only where it writes text. */
  protected override resolveMessage(message: unknown): unknown {
    return isText(message) ? message : resolved(message);
  }

  protected override redact(value: unknown): unknown {
    try {
      return super.redact(value);
    } catch {
      return super.redact(toLogValue(value));
    }
  }

  #harmless(message: unknown): unknown {
    return harmless(typeof message === 'function' ? this.resolveMessage(message) : message);
  }

  #fields(): Readonly<Record<string, LogValue>> {
    const fields = logRecord();
    // Since Nest 12.
    return this.options.redact === undefined ? fields : (this.redact(fields) as typeof fields);
  }

  #recordOf(message: unknown, parts: JsonParts) {
    try {
      return super.getJsonLogObject(message, parts);
    } catch {
      const { params, error, ...rest } = parts;
      const safe = { ...rest, ...(params && { params: toLogValue(params) as Params }) };
      const record = super.getJsonLogObject(toLogValue(message), safe);
      return error === undefined ? record : Object.assign(record, { error: toLogValue(error) });
    }
  }

  /** Where `colors` or `compact` ask for it: no JSON. */
  #printInspected(record: Record<string, unknown>, stream: 'stdout' | 'stderr' = 'stdout'): void {
    let text: string;
    try {
      text = inspected(inspect(record, this.inspectOptions), this.inspectOptions);
    } catch {
      text = safeText(record);
    }
    if (!this.options.forceConsole) process[stream].write(`${text}\n`);
    else if (stream === 'stderr') console.error(text);
    else console.log(text);
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
