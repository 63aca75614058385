import { ContextLogger } from 'nestjs-contextvars';
import type { LogFormat } from '../settings/log-format.js';

/** Nest's logger with the fields of the context in each line: for people, or one JSON object a line for machines. */
export function contextLogger(format: LogFormat): ContextLogger {
  return new ContextLogger({ json: format === 'json', colors: false });
}
