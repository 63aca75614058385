import { ConsoleLogger, Logger, type LoggerService, type LogLevel } from '@nestjs/common';
import type { ContextLogger } from './context-logger.js';

/** What Nest 11 and 12 keep there, over what they declare. */
interface NestLogger {
  staticInstanceRef: LoggerService | undefined;
  logLevels: LogLevel[] | undefined;
}

/** Of the applications that are open; the last one is used. */
const taken: LoggerService[] = [];
let original: LoggerService | undefined;

/**
 * Has every `Logger` write with `logger`, where Nest would write with its own, until the returned function is called.
 * One that the application was given stays, and so does none.
 */
export function takeOver(logger: ContextLogger, hasLevels: boolean): () => void {
  const nest = Logger as unknown as NestLogger;
  const current = nest.staticInstanceRef;
  const isOurs = current !== undefined && taken.includes(current);
  // Not one that extends it: that is somebody's own.
  if (!isOurs && current?.constructor !== ConsoleLogger) return () => undefined;
  // As in `NestFactory.create(AppModule, { logger: ['warn', 'error'] })`.
  if (!hasLevels && nest.logLevels !== undefined) logger.setLogLevels(nest.logLevels);
  if (!isOurs) original = current;
  taken.push(logger);
  Logger.overrideLogger(logger);
  // What was kept back for a logger to come, as `app.useLogger` does.
  Logger.flush();
  return () => {
    const at = taken.indexOf(logger);
    if (at !== -1) taken.splice(at, 1);
    if (nest.staticInstanceRef === logger)
      Logger.overrideLogger(taken.at(-1) ?? original ?? new ConsoleLogger());
  };
}
