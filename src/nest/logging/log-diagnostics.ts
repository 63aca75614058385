import { channel } from 'node:diagnostics_channel';
import type { LogLevel } from '@nestjs/common';
import { currentUnit, type UnitOfWork } from '../../core/index.js';

/** Published on `nestjs-contextvars:log:line` when a `ContextLogger` writes a message, in the context of whoever logs. */
export interface LogLineMessage {
  /** Undefined outside any. */
  readonly unit: UnitOfWork | undefined;
  readonly level: LogLevel;
  /** What the `Logger` is called; empty where it has no name. */
  readonly context: string;
  /** As it was logged, without what is redacted: any value at all. */
  readonly message: unknown;
}

const logLine = channel('nestjs-contextvars:log:line');

export function publishLines(messages: readonly unknown[], level: LogLevel, context: string): void {
  if (!logLine.hasSubscribers) return;
  const unit = currentUnit();
  for (const message of messages) logLine.publish({ unit, level, context, message } satisfies LogLineMessage);
}
