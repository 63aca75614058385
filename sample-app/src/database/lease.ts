import type { PoolClient } from 'pg';

/**
 * A connection for as long as one transaction. What the transaction has left running, such as the other branches of a
 * `Promise.all` that has failed, asks in vain afterwards: the connection has gone on to another tenant's transaction.
 */
export class Lease {
  readonly client: PoolClient;
  #ended = false;

  constructor(client: PoolClient) {
    const query = (...args: [never]): unknown => {
      if (this.#ended) {
        return Promise.reject(new Error('The transaction is over; await what is asked in it before it ends'));
      }
      return client.query(...args);
    };
    this.client = Object.create(client, { query: { value: query } }) as PoolClient;
  }

  end(): void {
    this.#ended = true;
  }
}
