import { openUnit, type Unit } from '../core/internal.js';
import { MessageExchange } from './messages/message-exchange.js';
import { requestId } from './request-ids.js';

/** What is told that the client of its connection has left. */
export interface Abandonable {
  readonly unit: Unit;
  abandon(reason: DOMException): void;
}

/**
 * One WebSocket connection as a unit of work. It ends at the later of "the client has left" and "what handles connecting
 * and leaving has settled". What comes over it is handled in units of work of its own, each in a fork of its context.
 */
export class WebsocketConnection {
  readonly unit: Unit;
  /** What shutdown waits for: ends that are under way, and work whose client has left. */
  readonly endings: Set<Promise<void>>;
  readonly #exchange: MessageExchange;
  readonly #left: () => void;
  readonly #running = new Set<Abandonable>();
  #reason: DOMException | undefined;
  #disconnected = false;

  constructor(unit: Unit, endings: Set<Promise<void>>) {
    this.unit = unit;
    this.endings = endings;
    this.#exchange = new MessageExchange(unit, undefined, endings);
    this.#left = this.#exchange.hold();
  }

  /** Runs `fn` at the base of the unit. */
  enter<R>(fn: () => R): R {
    return this.unit.enter(fn);
  }

  /** Runs what handles connecting or leaving, and waits with the end of the unit until it has settled. */
  serve(handler: () => unknown): unknown {
    return this.#exchange.serve(handler);
  }

  /** A unit of work in a fork of what the context of the connection is now. */
  fork(kind: string): Unit {
    return forkUnit(kind, this.unit);
  }

  /** Has `running` told when the client leaves. */
  watch(running: Abandonable): void {
    this.#running.add(running);
    running.unit.onRelease(() => this.#running.delete(running));
    if (this.#reason !== undefined) this.#abandon(running, this.#reason);
  }

  /** The client has left; what handles that is still to be called. Idempotent. */
  abandon(): void {
    if (this.#reason !== undefined) return;
    this.#reason = new DOMException('client gone: the WebSocket connection has closed', 'AbortError');
    for (const running of this.#running) this.#abandon(running, this.#reason);
    this.#exchange.abandon(this.#reason);
  }

  /** The client has left; what handles that is being called, by the same event. Idempotent. */
  disconnect(): void {
    if (this.#disconnected) return;
    this.#disconnected = true;
    this.abandon();
    this.#awaitEnd(this.unit);
    setImmediate(this.#left);
  }

  #abandon(running: Abandonable, reason: DOMException): void {
    this.#awaitEnd(running.unit);
    running.abandon(reason);
  }

  #awaitEnd(unit: Unit): void {
    if (unit.ended) return;
    const ended = new Promise<void>((resolve) => {
      unit.onRelease(resolve);
    });
    this.endings.add(ended);
    void ended.then(() => this.endings.delete(ended));
  }
}

/** A unit of work in a fork of what the context of `parent` is now. */
export function forkUnit(kind: string, parent: Unit): Unit {
  const cell = parent.cell.fork(undefined);
  const unit = openUnit({ kind, cell, foreign: parent.foreign });
  cell.unit = unit;
  cell.write(requestId.index, unit.id);
  return unit;
}
