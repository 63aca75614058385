import { ConsoleLogger, Injectable, type LogLevel } from '@nestjs/common';
import { currentUnit, RequestContext } from 'nestjs-contextvars';
import { tenant, user } from '../identity/identity.variables.js';

/** Nest's logger, with the request, conversation, tenant and user of whoever logs in every line. */
@Injectable()
export class ContextLogger extends ConsoleLogger {
  constructor(private readonly request: RequestContext) {
    super({ colors: false });
  }

  protected override formatMessage(
    level: LogLevel,
    message: unknown,
    _pid: string,
    _formattedLevel: string,
    contextMessage: string,
  ): string {
    const time = new Date().toISOString().slice(11, 23);
    return `${time} ${level.padEnd(5)} ${this.#who()}${contextMessage}${this.stringifyMessage(message, level)}\n`;
  }

  #who(): string {
    if (currentUnit() === undefined) return '';
    const { id, correlationId } = this.request;
    const conversation = correlationId === id ? '' : `correlation=${correlationId} `;
    return `request=${id} tenant=${tenant.get('-')} user=${user.get('-')} ${conversation}`;
  }
}
