import { types } from 'node:util';
import { isObservable, Observable, takeWhile } from 'rxjs';
import { storage, type Unit } from '../../core/internal.js';

/**
 * One message as a unit of work. The unit ends when what the handler answers with is over: the promise settled, the
 * Observable completed, failed or unsubscribed from; and, where the handler took the call itself, when that is over too.
 */
export class MessageExchange {
  readonly unit: Unit;
  /** What Nest gives to handlers as the context of the message; for gRPC, the call. */
  readonly context: unknown;
  readonly #endings: Set<Promise<void>>;
  /** What has to be over before the unit ends. */
  #open = 0;
  /** Ends the waiting for an answer that nobody has subscribed to yet. */
  #unheard: (() => void) | undefined;
  #abandoned = false;

  constructor(unit: Unit, context: unknown, endings: Set<Promise<void>>) {
    this.unit = unit;
    this.context = context;
    this.#endings = endings;
    unit.state = this;
  }

  /** The message that the running code belongs to, if it is the one of `context`. */
  static current(context: unknown): MessageExchange | undefined {
    const state = storage.getStore()?.unit.state;
    // An object, so that a message that is handled inside another one, both of them without a context, is not taken for it.
    if (!(state instanceof MessageExchange) || typeof context !== 'object' || context === null)
      return undefined;
    return state.context === context ? state : undefined;
  }

  /** Runs `fn` where the caller is, if that is in this unit, at its base otherwise. */
  join<R>(fn: () => R): R {
    return storage.getStore()?.unit === this.unit ? fn() : this.unit.enter(fn);
  }

  /** Waits with the end of the unit for something more; what it gives says, once, that it is over. */
  hold(): () => void {
    this.#open += 1;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#open -= 1;
      if (this.#open === 0) this.#end();
    };
  }

  /** Runs what handles the message, and waits with the end of the unit until its answer is over. */
  serve(handler: () => unknown): unknown {
    const over = this.hold();
    try {
      return this.#follow(this.unit.enter(handler), over);
    } catch (error) {
      over();
      throw error;
    }
  }

  #follow(answer: unknown, over: () => void): unknown {
    if (types.isPromise(answer)) {
      return answer.then(
        (value) => this.#follow(value, over),
        (error: unknown) => {
          over();
          throw error;
        },
      );
    }
    if (isObservable(answer)) return this.#inside(answer, over);
    over();
    return answer;
  }

  /** The handler may run only when Nest subscribes, from wherever that is. What it delivers is answered with inside, too. */
  #inside(answer: Observable<unknown>, over: () => void): Observable<unknown> {
    this.#unheard = over;
    if (this.#abandoned) this.#dropUnheard();
    return new Observable((subscriber) => {
      this.#unheard = undefined;
      // Of one that goes on for ever without a pause, only the condition hears that the consumer has left.
      const source = answer.pipe(takeWhile(() => !subscriber.closed));
      const subscription = this.unit.enter(() =>
        source.subscribe({
          next: (value) => subscriber.next(value),
          error: (error) => subscriber.error(error),
          complete: () => subscriber.complete(),
        }),
      );
      return () => {
        this.join(() => subscription.unsubscribe());
        over();
      };
    });
  }

  /** Nobody listens any more: an answer that nobody has subscribed to will have no subscriber. */
  abandon(reason: DOMException): void {
    if (this.unit.ended) return;
    this.#abandoned = true;
    this.join(() => this.unit.abort(reason));
    this.#dropUnheard();
  }

  #dropUnheard(): void {
    // Nest may be about to subscribe.
    setImmediate(() => this.#unheard?.());
  }

  #end(): void {
    const ending = this.unit.end();
    if (ending === undefined || this.#endings.has(ending)) return;
    this.#endings.add(ending);
    void ending.finally(() => this.#endings.delete(ending));
  }
}
