import { reportError, type Unit } from '../core/internal.js';
import type { HeldSource } from './graphql-source.js';
import { forkUnit } from './websocket-connection.js';

/**
 * The results of a subscription. Each event is a unit of work in a fork of what the subscription's context is then; it
 * ends when the next one is asked for, which is when its result has been sent.
 */
export class GraphqlEvents implements AsyncIterableIterator<unknown> {
  readonly #subscription: Unit;
  readonly #results: AsyncIterator<unknown>;
  readonly #source: HeldSource | undefined;
  readonly #endings: Set<Promise<void>>;
  #event: Unit | undefined;
  /** Has the waiting for the next event be over. */
  #stopWaiting: (() => void) | undefined;
  #over = false;
  #closed = false;

  constructor(
    subscription: Unit,
    results: AsyncIterable<unknown>,
    source: HeldSource | undefined,
    endings: Set<Promise<void>>,
  ) {
    this.#subscription = subscription;
    this.#results = results[Symbol.asyncIterator]();
    this.#source = source;
    this.#endings = endings;
  }

  async next(): Promise<IteratorResult<unknown>> {
    this.#endEvent();
    if (this.#over) {
      this.#close();
      return { done: true, value: undefined };
    }
    // An event that is waited for has not begun.
    if (this.#source !== undefined) {
      const comes = await this.#comes(this.#source);
      // Nobody wants it any more.
      if (this.#over) return { done: true, value: undefined };
      if (!comes) return this.#results.next();
    }
    const event = forkUnit('graphql-event', this.#subscription);
    this.#event = event;
    const result = await event.enter(() => this.#results.next());
    if (result.done) this.#endEvent();
    return result;
  }

  async return(value?: unknown): Promise<IteratorResult<unknown>> {
    this.#over = true;
    this.#endEvent();
    this.#leave();
    if (this.#closed) return { done: true, value };
    this.#closed = true;
    return (await this.#results.return?.(value)) ?? { done: true, value };
  }

  async throw(error?: unknown): Promise<IteratorResult<unknown>> {
    this.#over = true;
    this.#endEvent();
    this.#leave();
    if (this.#closed || this.#results.throw === undefined) throw error;
    this.#closed = true;
    return this.#results.throw(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  abandon(reason: DOMException): void {
    this.#over = true;
    const event = this.#event;
    event?.enter(() => event.abort(reason));
    this.#leave();
  }

  async #comes(source: HeldSource): Promise<boolean> {
    const stopped = new Promise<false>((resolve) => {
      this.#stopWaiting = () => resolve(false);
    });
    try {
      return await Promise.race([source.ready(), stopped]);
    } finally {
      this.#stopWaiting = undefined;
    }
  }

  /** A generator that waits for something cannot be ended before that has come, which may be never: it is not waited for. */
  #leave(): void {
    if (this.#stopWaiting === undefined) return;
    this.#stopWaiting();
    this.#close();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    void this.#return();
  }

  async #return(): Promise<void> {
    try {
      await this.#subscription.enter(() => this.#results.return?.());
    } catch (error) {
      reportError(error, 'in the source of a GraphQL subscription that is over');
    }
  }

  #endEvent(): void {
    const ending = this.#event?.end();
    this.#event = undefined;
    if (ending === undefined) return;
    this.#endings.add(ending);
    void ending.finally(() => this.#endings.delete(ending));
  }
}
