import type { ConsoleLoggerOptions } from '@nestjs/common';
import { optionsOf } from '../../core/internal.js';

/** The options of Nest's `ConsoleLogger`, with other defaults for some of them. */
export interface ContextLoggerOptions extends ConsoleLoggerOptions {
  /**
   * One JSON object per line. Default: as the place asks for it: false where stdout is a terminal or `colors` is true, else
   * true.
   */
  json?: boolean;
  /**
   * `true` writes objects on the line of their message. `false` or a number of levels lays them out over indented
   * lines, with `json` too, which is then no JSON any more. Default: true.
   */
  compact?: boolean | number;
  /** How many characters of a string inside an object are written as text. Default: 1024. */
  maxStringLength?: number;
}

/** A copy, because Nest 11 writes its defaults into what it is given. */
export function withDefaults(where: string, given: ContextLoggerOptions | undefined): ContextLoggerOptions {
  const options = { ...optionsOf(where, given) };
  options.json ??= options.colors !== true && process.stdout.isTTY !== true;
  options.compact ??= true;
  options.maxStringLength ??= 1024;
  return options;
}
