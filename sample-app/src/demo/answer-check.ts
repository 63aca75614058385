import { isDeepStrictEqual } from 'node:util';
import { priceLists } from '../prices/price-lists.js';
import type { Statement } from '../statement/statement.js';
import type { Answer } from './desk-client.js';

/** Compares answers with what their own callers have to get, and keeps what differs. */
export class AnswerCheck {
  readonly crossed: string[] = [];
  answers = 0;

  /** Each of `expected` is a member of the body. */
  expect(answer: Answer, expected: Record<string, unknown>): void {
    this.answers += 1;
    if (answer.headerId !== answer.requestId)
      this.#note(answer, 'x-request-id', answer.headerId, answer.requestId);
    const body = answer.body as Record<string, unknown>;
    for (const [key, value] of Object.entries(expected)) {
      if (!isDeepStrictEqual(body[key], value)) this.#note(answer, key, body[key], value);
    }
  }

  /** Every row of the body belongs to `tenant`. */
  expectRowsOf(answer: Answer, tenant: string): void {
    this.expect(answer, {});
    for (const row of answer.body as { tenant: string }[]) {
      if (row.tenant !== tenant) this.#note(answer, 'tenant of an order', row.tenant, tenant);
    }
  }

  /** Every line of the statement has the price on the list of `tenant`. */
  expectPricesOf(answer: Answer, tenant: string): void {
    const { lines } = answer.body as Statement;
    for (const { item, price } of lines) {
      const expected = priceLists.get(tenant)?.get(item);
      if (price !== expected) this.#note(answer, `price of ${item}`, price, expected);
    }
  }

  #note(answer: Answer, what: string, seen: unknown, expected: unknown): void {
    this.crossed.push(
      `${answer.requestId} (${answer.status}): ${what} is ${JSON.stringify(seen)}, expected ${JSON.stringify(expected)}`,
    );
  }
}
