/** Where the events of a subscription come from, with the next one held back until somebody is ready for it. */
export class HeldSource implements AsyncIterableIterator<unknown> {
  readonly #source: AsyncIterator<unknown>;
  #held: Promise<IteratorResult<unknown>> | undefined;

  constructor(source: AsyncIterable<unknown>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Waits for the next event, without taking it; gives whether there is one. */
  async ready(): Promise<boolean> {
    this.#held ??= this.#pull();
    try {
      return !(await this.#held).done;
    } catch {
      // Whoever takes it gets the error.
      return false;
    }
  }

  next(): Promise<IteratorResult<unknown>> {
    const next = this.#held ?? this.#pull();
    this.#held = undefined;
    return next;
  }

  async return(value?: unknown): Promise<IteratorResult<unknown>> {
    return (await this.#source.return?.(value)) ?? { done: true, value };
  }

  async throw(error?: unknown): Promise<IteratorResult<unknown>> {
    if (this.#source.throw === undefined) throw error;
    return this.#source.throw(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #pull(): Promise<IteratorResult<unknown>> {
    return this.#source.next();
  }
}
