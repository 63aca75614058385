import { EventEmitter, once } from 'node:events';
import { Injectable } from '@nestjs/common';

/** Says in this process that a receipt has been written, so that who waits for it need not look again and again. */
@Injectable()
export class ReceiptNews {
  readonly #written = new EventEmitter().setMaxListeners(0);

  tell(orderId: string): void {
    this.#written.emit(orderId);
  }

  /** Until it is told, but no longer than so many ms: another process may have written it. */
  async wait(orderId: string, ms: number): Promise<void> {
    await once(this.#written, orderId, { signal: AbortSignal.timeout(ms) }).catch(() => undefined);
  }
}
