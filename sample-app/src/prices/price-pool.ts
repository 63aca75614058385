import { Injectable } from '@nestjs/common';
import { PriceConnection } from './price-connection.js';

/** A few connections for all requests. */
@Injectable()
export class PricePool {
  readonly #free = [1, 2, 3, 4];
  readonly #waiting: ((number: number) => void)[] = [];

  /** Waits where all are lent. */
  async lend(): Promise<PriceConnection> {
    const number =
      this.#free.shift() ?? (await new Promise<number>((resolve) => this.#waiting.push(resolve)));
    return new PriceConnection(number, () => this.#takeBack(number));
  }

  #takeBack(number: number): void {
    const next = this.#waiting.shift();
    if (next) next(number);
    else this.#free.push(number);
  }
}
