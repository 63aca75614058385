import { types } from 'node:util';
import type { NestInterceptor } from '@nestjs/common';
import { Observable } from 'rxjs';
import { storage, type Unit } from '../core/internal.js';
import { MessageExchange } from './messages/message-exchange.js';
import { Stamped } from './stamped.js';
import type { Abandonable, WebsocketConnection } from './websocket-connection.js';

type Transform = (answer: unknown) => Observable<unknown>;

/**
 * One message of a gateway as a unit of work. It ends when the handler has settled and what it answers with has been
 * given to the client: the value, or all of a stream.
 */
export class GatewayMessage implements Abandonable {
  readonly unit: Unit;
  /** What populates the contexts of the application; undefined where nothing does. */
  readonly populating: NestInterceptor | undefined;
  readonly #exchange: MessageExchange;
  /** Ends the waiting for somebody who takes the answer. */
  #unheard: (() => void) | undefined;

  constructor(connection: WebsocketConnection, populating: NestInterceptor | undefined) {
    this.unit = connection.fork('ws-message');
    this.populating = populating;
    this.#exchange = new MessageExchange(this.unit, undefined, connection.endings);
    this.unit.state = this;
    connection.watch(this);
  }

  /** The message that the running code belongs to. */
  static current(): GatewayMessage | undefined {
    const state = storage.getStore()?.unit.state;
    return state instanceof GatewayMessage ? state : undefined;
  }

  /** The message that `answer` is the answer to. */
  static of(answer: unknown): GatewayMessage | undefined {
    if (!types.isPromise(answer)) return undefined;
    const stamp = Stamped.get(answer);
    return stamp instanceof GatewayMessage ? stamp : undefined;
  }

  /** Runs guards, pipes, interceptors, the handler and filters, which Nest runs as one. */
  handle(handler: () => unknown): unknown {
    const answer = this.#exchange.serve(handler);
    // Nest's is always one.
    if (types.isPromise(answer)) Stamped.put(answer, this);
    return answer;
  }

  /** What the adapter sends, computed and sent inside. */
  deliver(answer: unknown, transform: Transform): Observable<unknown> {
    const over = this.#exchange.hold();
    this.#unheard = over;
    const sent = this.unit.enter(() => transform(answer));
    return new Observable((subscriber) => {
      this.#unheard = undefined;
      // What a Subject delivers comes from wherever somebody gave it a value.
      const subscription = this.unit.enter(() =>
        sent.subscribe({
          next: (value) => this.#exchange.join(() => subscriber.next(value)),
          error: (error) => this.#exchange.join(() => subscriber.error(error)),
          complete: () => this.#exchange.join(() => subscriber.complete()),
        }),
      );
      return () => {
        this.#exchange.join(() => subscription.unsubscribe());
        over();
      };
    });
  }

  abandon(reason: DOMException): void {
    this.#exchange.abandon(reason);
    // The adapter may be about to subscribe.
    setImmediate(() => this.#unheard?.());
  }
}
