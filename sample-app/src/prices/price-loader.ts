import DataLoader from 'dataloader';
import { bindContext, ContextScoped } from 'nestjs-contextvars';
import { Caller } from '../identity/caller.js';
import { PriceConnection } from './price-connection.js';

/**
 * Prices for the caller, asked for one by one and looked up together. It keeps what it has seen, and another tenant has
 * other prices: so each request has one of its own.
 */
@ContextScoped()
export class PriceLoader {
  readonly #prices: DataLoader<string, number | null>;

  constructor(connection: PriceConnection, caller: Caller) {
    // DataLoader looks up in the context of whoever asks first, which may be in a higher role for a moment. What is kept
    // for the whole request is looked up where this constructor runs: in the role of the caller.
    const lookUp = bindContext((items: readonly string[]) => connection.lookUp(caller.tenant, items));
    this.#prices = new DataLoader(lookUp);
  }

  /** Cents; null for what is not on the tenant's list. */
  of(item: string): Promise<number | null> {
    return this.#prices.load(item);
  }
}
