import type { LoggerOptions } from 'pino';
import { logRecord, optionsOf, requireFunction } from '../../core/internal.js';
import { keepPrototype } from './keep-prototype.js';
import { lineFields } from './line-fields.js';

/** The option `mixin` of pino. */
export type PinoMixin<CustomLevels extends string = never> = NonNullable<
  LoggerOptions<CustomLevels>['mixin']
>;

export interface ContextMixinOptions<CustomLevels extends string = never> {
  /** A mixin of your own. Of two fields with one name its one is written. Default: none. */
  readonly mixin?: PinoMixin<CustomLevels> | undefined;
}

/**
 * A `mixin` for pino: each line has the fields of `logFields()`, in requests, jobs, cron ticks and outside any context.
 * What is passed by hand wins over a field of the same name. A field whose name pino itself gives out in the line
 * (level, time, message, error, bindings of the logger) gets a `_` behind its name.
 *
 * @throws TypeError where an option has the wrong type.
 *
 * @example
 * const logger = pino({ mixin: contextMixin() });
 */
export function contextMixin<CustomLevels extends string = never>(
  options?: ContextMixinOptions<CustomLevels>,
): PinoMixin<CustomLevels> {
  const { mixin } = optionsOf('contextMixin', options) ?? {};
  if (mixin === undefined) return (mergeObject, _level, logger) => fieldsFor(mergeObject, logger);
  requireFunction('contextMixin: mixin', mixin);
  return (mergeObject, level, logger) =>
    Object.assign(fieldsFor(mergeObject, logger), mixin(mergeObject, level, logger));
}

/** For one line, as an object of its own: pino writes what is passed by hand into it. */
function fieldsFor(mergeObject: object, logger: object): object {
  const fields = lineFields(logger).of(logRecord());
  keepPrototype(fields, mergeObject);
  return fields;
}
