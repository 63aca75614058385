/** How busy the connections are, and have been at most. */
export class TransactionCount {
  #transactions = 0;
  #waiting = 0;
  #open = 0;
  #mostWaiting = 0;
  #mostOpen = 0;

  /** Somebody wants to begin one, and may have to wait for a connection. */
  begin(): { open(): void; end(): void } {
    let isOpen = false;
    this.#waiting += 1;
    this.#mostWaiting = Math.max(this.#mostWaiting, this.#waiting);
    return {
      open: () => {
        isOpen = true;
        this.#waiting -= 1;
        this.#open += 1;
        this.#mostOpen = Math.max(this.#mostOpen, this.#open);
      },
      end: () => {
        this.#transactions += 1;
        if (isOpen) this.#open -= 1;
        else this.#waiting -= 1;
      },
    };
  }

  toJSON(): Record<'transactions' | 'open' | 'mostOpen' | 'waiting' | 'mostWaiting', number> {
    return {
      transactions: this.#transactions,
      open: this.#open,
      mostOpen: this.#mostOpen,
      waiting: this.#waiting,
      mostWaiting: this.#mostWaiting,
    };
  }
}
