import type { LoggerService } from '@nestjs/common';

/** Keeps what is logged, as `level: message`. */
export class MemoryLogger implements LoggerService {
  readonly lines: string[] = [];

  log(): void {}

  error(message: unknown): void {
    this.lines.push(`error: ${String(message)}`);
  }

  warn(message: unknown): void {
    this.lines.push(`warn: ${String(message)}`);
  }
}
