import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { runForeign, storage, type Unit } from '../core/internal.js';
import type { RequestEnd } from './context-module.options.js';
import { watchQueued } from './queued-responses.js';

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
  readonly #handlerTimeoutMs: number | undefined;
  #isSetUp = false;
  #finished = false;
  #closed = false;
  #handlers = 0;
  #handled = false;
  #failure: { readonly error: unknown } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timedOut: DOMException | undefined;
  #stopWatching: (() => void) | undefined;

  constructor(
    unit: Unit,
    request: IncomingMessage,
    response: ServerResponse,
    handlerTimeoutMs: number | undefined,
  ) {
    this.unit = unit;
    this.request = request;
    this.response = response;
    this.#raw = response;
    this.#handlerTimeoutMs = handlerTimeoutMs;
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
    // After the listeners of users: what they read must still be there.
    this.#listenInside(response, (event) => {
      if (event === 'close') this.#close();
      // Node says "finish" also of an answer to a client who has left, and of every stream of HTTP/2.
      else if (event === 'finish' && !this.#closed) {
        this.#finished = response.writableEnded;
        // A response that no socket carries (an injected request, a serverless adapter) may never close.
        if (!(request.socket instanceof Socket)) setImmediate(() => this.#close());
      }
    });
    this.#stopWatching = watchQueued(request, response, () => this.#close());
  }

  handlerStarted(): void {
    this.#handled = true;
    this.#handlers += 1;
    this.#startLimit();
  }

  handlerSettled(): void {
    this.#handlers -= 1;
    if (this.#handlers === 0) this.liftLimit();
    // The exception filters are still to run, and nothing will say when they have.
    if (this.#closed && this.#failure !== undefined) setImmediate(() => this.#endIfOver());
    else this.#endIfOver();
  }

  /** The limit is for what never settles: a stream of events that has begun may go on. */
  liftLimit(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Notes what the set-up, a populator or the handler threw; the last one counts. */
  fail(error: unknown): void {
    this.#failure = { error };
  }

  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** What is known of the request at its end. */
  summary(): RequestEnd {
    const timedOut = this.#handlers > 0 ? this.#timedOut : undefined;
    const failure = this.#failure ?? (timedOut && { error: timedOut });
    const { statusCode } = this.#raw;
    const failed = failure !== undefined || statusCode >= 500;
    return {
      outcome: !this.#finished ? 'aborted' : failed ? 'failed' : 'completed',
      status: this.#finished ? statusCode : undefined,
      durationMs: this.unit.elapsed,
      error: failure?.error,
    };
  }

  /** Node runs most of these listeners in the context of the socket (nodejs/node#41285), which is none. */
  #listenInside(emitter: IncomingMessage | ServerResponse, after?: (event: string | symbol) => void): void {
    const emit = emitter.emit as (event: string | symbol, ...args: unknown[]) => boolean;
    const { base } = this.unit;
    emitter.emit = (event: string | symbol, ...args: unknown[]): boolean => {
      try {
        if (storage.getStore() === base || emitter.listenerCount(event) === 0)
          return emit.call(emitter, event, ...args);
        return this.enter(() => emit.call(emitter, event, ...args));
      } finally {
        after?.(event);
      }
    };
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopWatching?.();
    if (!this.#finished) this.#abort(clientClosed());
    if (!this.#handled && !this.#raw.writableEnded) this.#awaitAnswer();
    this.#endIfOver();
  }

  #abort(reason: DOMException): void {
    this.enter(() => this.unit.abort(reason));
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
    this.#startLimit();
  }

  #startLimit(): void {
    if (this.#handlerTimeoutMs === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#timeOut(), this.#handlerTimeoutMs);
    this.#timer.unref();
  }

  #timeOut(): void {
    this.#timedOut = new DOMException(
      `The handler did not settle within handler.timeoutMs (${this.#handlerTimeoutMs} ms)`,
      'TimeoutError',
    );
    this.#abort(this.#timedOut);
    this.#endIfOver();
  }

  #endIfOver(): void {
    const answered = this.#handled || this.#raw.writableEnded;
    const settled = this.#timedOut !== undefined || (answered && this.#handlers === 0);
    if (!this.#closed || !settled) return;
    this.liftLimit();
    void this.unit.end();
  }
}

function clientClosed(): DOMException {
  return new DOMException('client closed: the connection ended before the response was sent', 'AbortError');
}
