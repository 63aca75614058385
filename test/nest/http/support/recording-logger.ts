import type { LoggerService } from '@nestjs/common';

/** A logger that keeps what an application logs as an error. */
export class RecordingLogger implements LoggerService {
  readonly errors: string[] = [];

  error(...parts: unknown[]): void {
    this.errors.push(parts.map((part) => (part instanceof Error ? part.message : String(part))).join(' '));
  }

  log(): void {}
  warn(): void {}
}
