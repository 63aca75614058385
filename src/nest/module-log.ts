import { Logger, type LoggerService } from '@nestjs/common';

const NAME = 'ContextModule';

/** What the module itself has to say, to the logger of its options. */
export class ModuleLog {
  readonly #logger: LoggerService | undefined;

  constructor(logger: LoggerService | false | undefined) {
    if (logger !== false) this.#logger = logger ?? new Logger();
  }

  error(error: unknown, where: string): void {
    const stack = error instanceof Error ? error.stack : undefined;
    this.#logger?.error(`Error ${where}: ${String(error)}`, stack, NAME);
  }

  warn(message: string): void {
    this.#logger?.warn(message, NAME);
  }
}
