import { ConsoleLogger, Logger, type LoggerService } from '@nestjs/common';

const streams = ['stdout', 'stderr'] as const;

/** What is written to stdout and stderr, kept from the terminal. */
export class Output {
  #texts: string[] = [];
  readonly #writes = streams.map((stream) => process[stream].write);

  constructor() {
    // Not a mock of jest: that keeps whatever was ever written.
    for (const stream of streams)
      process[stream].write = (text: string | Uint8Array) => this.#texts.push(`${text}`) > 0;
  }

  get text(): string {
    return this.#texts.join('');
  }

  /** Without the end of the last one. */
  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }

  get records(): Record<string, unknown>[] {
    return this.lines.map((line) => JSON.parse(line));
  }

  clear(): void {
    this.#texts = [];
  }

  release(): void {
    for (const [i, stream] of streams.entries()) process[stream].write = this.#writes[i] as never;
  }
}

/** Every `Logger` of this process writes with this one, until `restoreNestLogger`. */
export function useNestLogger(logger: LoggerService | false): void {
  Logger.overrideLogger(logger);
}

/** As in a new process. */
export function restoreNestLogger(): void {
  Logger.overrideLogger(new ConsoleLogger());
  Object.assign(Logger, { logLevels: undefined });
}
