import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { runForeign, storage, type Unit } from '../core/internal.js';

const exchanges = new WeakMap<object, HttpExchange>();

/**
 * One HTTP request and its response as a unit of work. The unit ends at the later of "response closed" and
 * "handler settled", so that a client who leaves does not pull anything away from under running code.
 */
export class HttpExchange {
  readonly unit: Unit;
  /** What Nest gives to handlers, once there is one; Node's own objects before. */
  request: unknown;
  response: unknown;
  readonly #raw: ServerResponse;
  #isSetUp = false;
  #closed = false;
  #handlers = 0;
  #handled = false;

  constructor(unit: Unit, request: IncomingMessage, response: ServerResponse) {
    this.unit = unit;
    this.request = request;
    this.response = response;
    this.#raw = response;
    unit.state = this;
    exchanges.set(request, this);
  }

  static of(request: object): HttpExchange | undefined {
    return exchanges.get(request);
  }

  /** Runs `fn` at the base of the unit. */
  enter<R>(fn: () => R): R {
    const { unit } = this;
    return runForeign(unit.foreign, () => storage.run(unit.base, fn));
  }

  /** Runs `fn` where the caller is, if that is in this unit, at its base otherwise. */
  join<R>(fn: () => R): R {
    return storage.getStore()?.unit === this.unit ? fn() : this.enter(fn);
  }

  /** True once: for the opening point that has to run the set-up. */
  claimSetup(): boolean {
    if (this.#isSetUp) return false;
    this.#isSetUp = true;
    return true;
  }

  /** Makes the listeners of request and response run inside, and waits for the response to be over. */
  watch(request: IncomingMessage): void {
    const response = this.#raw;
    this.#listenInside(request);
    this.#listenInside(response);
    response.once('close', () => this.#close());
    // A response that no socket carries (an injected request, a serverless adapter) may never close.
    response.once('finish', () => {
      if (!(request.socket instanceof Socket)) setImmediate(() => this.#close());
    });
  }

  handlerStarted(): void {
    this.#handled = true;
    this.#handlers += 1;
  }

  handlerSettled(): void {
    this.#handlers -= 1;
    this.#endIfOver();
  }

  /** Node runs most of these listeners in the context of the socket (nodejs/node#41285), which is none. */
  #listenInside(emitter: IncomingMessage | ServerResponse): void {
    const emit = emitter.emit as (event: string | symbol, ...args: unknown[]) => boolean;
    const { base } = this.unit;
    emitter.emit = (event: string | symbol, ...args: unknown[]): boolean => {
      if (storage.getStore() === base || emitter.listenerCount(event) === 0)
        return emit.call(emitter, event, ...args);
      return this.enter(() => emit.call(emitter, event, ...args));
    };
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#handled && !this.#raw.writableEnded) this.#awaitAnswer();
    this.#endIfOver();
  }

  /** The client left before a handler began: middleware and guards still run, and end in a handler or an answer. */
  #awaitAnswer(): void {
    const response = this.#raw;
    const end = response.end as (...args: unknown[]) => ServerResponse;
    response.end = (...args: unknown[]) => {
      this.#handled = true;
      const ended = end.apply(response, args);
      this.#endIfOver();
      return ended;
    };
  }

  #endIfOver(): void {
    const answered = this.#handled || this.#raw.writableEnded;
    if (this.#closed && answered && this.#handlers === 0) void this.unit.end();
  }
}
