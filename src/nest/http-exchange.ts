import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { types } from 'node:util';
import type { ModulesContainer } from '@nestjs/core';
import { firstLoaded, storage, type Unit } from '../core/internal.js';
import type { RequestEnd } from './context-module.options.js';
import { watchQueued } from './queued-responses.js';
import { requestChannels } from './request-diagnostics.js';
import { Stamped } from './stamped.js';

const { end: requestEnd } = requestChannels;

type Then = (fulfilled?: () => void, rejected?: (error: unknown) => void) => void;
type EmitArguments = [event: string | symbol, ...args: unknown[]];
type Emit = (...args: EmitArguments) => boolean;

/** The application that serves the request. */
export interface HttpHost {
  readonly modules: ModulesContainer;
  readonly handlerTimeoutMs: number | undefined;
  /** Ends of units of work that are under way: asynchronous `onEnd`, disposal of instances. */
  readonly endings: Set<Promise<void>>;
}

/**
 * One HTTP request and its response as a unit of work. The unit ends at the later of "response closed" and
 * "handler settled", so that a client who leaves does not pull anything away from under running code.
 */
export class HttpExchange {
  readonly unit: Unit;
  readonly host: HttpHost;
  /** What Nest gives to handlers, once there is one; Node's own objects before. */
  request: unknown;
  response: unknown;
  readonly #raw: ServerResponse;
  readonly #emitOfRequest: Emit;
  readonly #emitOfResponse: Emit;
  readonly #http2: boolean;
  /** A socket carries the response. */
  readonly #carried: boolean;
  #isSetUp = false;
  #finished = false;
  #closed = false;
  #handlers = 0;
  #handled = false;
  #over = false;
  #failure: { readonly error: unknown } | undefined;
  /** To be called when the response has closed. */
  #waiting: (() => void)[] | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timedOut: DOMException | undefined;
  #stopWatching: (() => void) | undefined;

  constructor(unit: Unit, request: IncomingMessage, response: ServerResponse, host: HttpHost) {
    this.unit = unit;
    this.host = host;
    this.request = request;
    this.response = response;
    this.#raw = response;
    this.#http2 = request.httpVersionMajor === 2;
    this.#carried = request.socket instanceof Socket;
    unit.state = this;
    this.#emitOfRequest = emitOf(request);
    this.#emitOfResponse = emitOf(response);
    Stamped.put(request, this);
    Stamped.put(response, this);
  }

  /** The exchange of a request or response: Node's, or what Nest gives to handlers. */
  static of(carrier: object): HttpExchange | undefined {
    // Fastify wraps Node's request as `raw`; on Express that can be anybody's property.
    return exchangeOf(carrier) ?? exchangeOf((carrier as { raw?: unknown }).raw);
  }

  /** Runs `fn` at the base of the unit. */
  enter<R>(fn: () => R): R {
    return this.unit.enter(fn);
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
    // The same function for each: the engine learns what it does but once.
    request.emit = emitOfRequest;
    this.#raw.emit = emitOfResponse;
    // Most responses have the socket.
    if (this.#raw.socket === null && this.#carried)
      this.#stopWatching = watchQueued(request.socket, this.#raw, () => this.#close());
  }

  /** Node runs most of these listeners in the context of the socket (nodejs/node#41285), which is none. */
  emitOfRequest(request: EventEmitter, args: EmitArguments): boolean {
    return this.#emitInside(this.#emitOfRequest, request, args);
  }

  emitOfResponse(response: EventEmitter, args: EmitArguments): boolean {
    try {
      return this.#emitInside(this.#emitOfResponse, response, args);
    } finally {
      // After the listeners of users: what they read must still be there.
      if (args[0] === 'close') this.#close();
      // Node says "finish" also of an answer to a client who has left, and of every stream of HTTP/2.
      else if (args[0] === 'finish' && !this.#closed) this.#finish();
    }
  }

  /** Runs what serves the request, and waits with the end of the unit until it has settled. */
  serve<R>(handler: () => R): R {
    const handledBefore = this.#handled;
    this.#handlerStarted();
    let result: R;
    try {
      result = this.join(handler);
    } catch (error) {
      this.#handlerSettled();
      throw error;
    }
    if (!types.isPromise(result)) {
      // One that calls back, or hands the request on: it has not been handled yet.
      if (!this.#raw.writableEnded) this.#handled = handledBefore;
      this.#handlerSettled();
      return result;
    }
    return result.then(
      (value: unknown) => {
        this.#handlerSettled();
        return value;
      },
      (error: unknown) => {
        this.#handlerSettled();
        throw error;
      },
    ) as R;
  }

  /**
   * Makes Fastify's reply settle with the response. Nest waits for it as a part of the handler, and by itself it waits
   * for ever for a response that does not say that it closes: over HTTP/2 after the client has left, or without a socket.
   */
  settle(reply: object & { then?: Then }): void {
    const { then } = reply;
    if ((this.#carried && !this.#http2) || typeof then !== 'function') return;
    const settling: Then = (fulfilled, rejected) => {
      // By whichever comes first.
      const settled = new Promise<void>((resolve, reject) => {
        this.#whenClosed(resolve);
        then.call(reply, resolve, reject);
      });
      settled.then(fulfilled, rejected);
    };
    Object.defineProperty(reply, 'then', { value: settling, configurable: true, writable: true });
  }

  /**
   * The response goes on without the unit, which ends when the handler has settled: for a stream that lasts for as long as
   * somebody looks at it.
   */
  letGo(): void {
    this.#finished = true;
    this.#close();
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

  #emitInside(emit: Emit, emitter: EventEmitter, args: EmitArguments): boolean {
    // Most have no listener; asked first, because it is cheaper to tell.
    if (emitter.listenerCount(args[0]) === 0 || storage.getStore() === this.unit.base)
      return emit.apply(emitter, args);
    return this.enter(() => emit.apply(emitter, args));
  }

  #handlerStarted(): void {
    this.#handled = true;
    this.#handlers += 1;
    this.#startLimit();
  }

  #handlerSettled(): void {
    this.#handlers -= 1;
    if (this.#handlers > 0) return;
    this.#liftLimit();
    this.#endIfOver();
  }

  #finish(): void {
    this.#finished = this.#raw.writableEnded;
    // A response that no socket carries (an injected request, a serverless adapter) may never close.
    if (this.#carried) return;
    setImmediate(() => {
      // One that writes at once says "finish" while it is still being ended.
      this.#finished = this.#raw.writableEnded;
      this.#close();
    });
  }

  #whenClosed(notify: () => void): void {
    if (this.#closed) notify();
    else if (this.#waiting === undefined) this.#waiting = [notify];
    else this.#waiting.push(notify);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopWatching?.();
    for (const notify of this.#waiting ?? []) notify();
    if (!this.#finished) this.#abort(clientClosed());
    if (!this.#handled && !this.#raw.writableEnded) this.#awaitAnswer();
    // A limit that passed while the answer was under way was not applied.
    if (this.#handlers > 0) this.#startLimit();
    // The request and the socket are still to say that they have closed, and the handler's stream is torn down by that.
    if (!this.#finished) setImmediate(() => this.#endIfOver());
    else this.#endIfOver();
  }

  #abort(reason: DOMException): void {
    // As in the unit: V8 keeps what the calls in an unread stack were made on.
    void reason.stack;
    this.enter(() => this.unit.abort(reason));
  }

  /** The client left before a handler began: middleware still runs, and ends in a handler or an answer. */
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
    const { handlerTimeoutMs } = this.host;
    if (handlerTimeoutMs === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#timeOut(), handlerTimeoutMs);
    this.#timer.unref();
  }

  #liftLimit(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #timeOut(): void {
    this.#timer = undefined;
    // The limit is for what never settles: a stream that has begun may go on.
    if (this.#raw.headersSent && !this.#closed) return;
    this.#timedOut = new DOMException(
      `The handler did not settle within handler.timeoutMs (${this.host.handlerTimeoutMs} ms)`,
      'TimeoutError',
    );
    this.#abort(this.#timedOut);
    this.#endIfOver();
  }

  #endIfOver(): void {
    const answered = this.#handled || this.#raw.writableEnded;
    const settled = this.#timedOut !== undefined || (answered && this.#handlers === 0);
    if (!this.#closed || !settled) return;
    this.#liftLimit();
    if (!this.#over && requestEnd.hasSubscribers) requestEnd.publish({ unit: this.unit, ...this.summary() });
    this.#over = true;
    const ending = this.unit.end();
    const { endings } = this.host;
    if (ending === undefined || endings.has(ending)) return;
    endings.add(ending);
    void ending.finally(() => endings.delete(ending));
  }
}

/** See `HttpExchange.letGo`; nothing where `request` has no unit of work. */
export const letGoOf: (request: object) => void = firstLoaded(
  'nest.letGoOf',
  () => (request: object) => HttpExchange.of(request)?.letGo(),
);

/** Nobody else stamps requests and responses. */
function exchangeOf(carrier: unknown): HttpExchange | undefined {
  return typeof carrier === 'object' && carrier !== null
    ? (Stamped.get(carrier) as HttpExchange | undefined)
    : undefined;
}

function emitOfRequest(this: EventEmitter, ...args: EmitArguments): boolean {
  const exchange = exchangeOf(this) ?? exchangeAbove(this);
  return exchange === undefined ? inherited(this).apply(this, args) : exchange.emitOfRequest(this, args);
}

function emitOfResponse(this: EventEmitter, ...args: EmitArguments): boolean {
  const exchange = exchangeOf(this) ?? exchangeAbove(this);
  return exchange === undefined ? inherited(this).apply(this, args) : exchange.emitOfResponse(this, args);
}

/** Of an object that was made with a request or a response as its prototype. */
function exchangeAbove(emitter: object): HttpExchange | undefined {
  const above: unknown = Object.getPrototypeOf(emitter);
  return above === null ? undefined : (exchangeOf(above) ?? exchangeAbove(above as object));
}

/** A copy of a request has the `emit` that it was given here, but no exchange. */
function emitOf(emitter: EventEmitter): Emit {
  const { emit } = emitter;
  return emit === emitOfRequest || emit === emitOfResponse ? inherited(emitter) : emit;
}

function inherited(emitter: EventEmitter): Emit {
  return (Object.getPrototypeOf(emitter) as EventEmitter).emit;
}

function clientClosed(): DOMException {
  return new DOMException('client closed: the connection ended before the response was sent', 'AbortError');
}
