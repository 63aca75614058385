import { Injectable, Logger } from '@nestjs/common';
import { PreserveContext, WithTempContext } from 'nestjs-contextvars';
import { Span } from 'nestjs-contextvars/opentelemetry';
import { role } from '../identity/identity.variables.js';
import { LedgerBook } from './ledger-book.js';
import type { LedgerEntry } from './ledger-entry.js';

@Injectable()
export class LedgerService {
  readonly #logger = new Logger(LedgerService.name);

  constructor(private readonly book: LedgerBook) {}

  /** Has the role until the call settles; only what it calls and awaits has it too. */
  @Span()
  @WithTempContext(role.as('ledger-writer'))
  async credit(orderId: string): Promise<LedgerEntry> {
    return this.book.takeBack(orderId);
  }

  /** Wrong on purpose: leaves the work running, and takes for granted that it keeps the role. It has none, and is refused. */
  @WithTempContext(role.as('ledger-writer'))
  async creditLater(orderId: string): Promise<void> {
    void this.detached(orderId);
  }

  @PreserveContext({ background: true })
  protected async detached(orderId: string): Promise<void> {
    await this.book.takeBack(orderId).catch((error: Error) => this.#logger.warn(error.message));
  }
}
