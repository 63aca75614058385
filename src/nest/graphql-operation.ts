import { types } from 'node:util';
import { storage, type Unit } from '../core/internal.js';
import { GraphqlEvents } from './graphql-events.js';
import { HeldSource } from './graphql-source.js';
import type { Abandonable, WebsocketConnection } from './websocket-connection.js';

/**
 * What a client asks for over graphql-ws, as a unit of work in a fork of its connection's context: a query or mutation
 * until it is answered, a subscription until it is over.
 */
export class GraphqlOperation implements Abandonable {
  readonly unit: Unit;
  readonly #endings: Set<Promise<void>>;
  #claimed = false;
  #source: HeldSource | undefined;
  #events: GraphqlEvents | undefined;

  constructor(connection: WebsocketConnection) {
    this.unit = connection.fork('graphql-operation');
    this.#endings = connection.endings;
    this.unit.state = this;
    connection.watch(this);
  }

  /** The operation that the running code belongs to; undefined in one of its events. */
  static current(): GraphqlOperation | undefined {
    const state = storage.getStore()?.unit.state;
    return state instanceof GraphqlOperation ? state : undefined;
  }

  /** Runs what takes a message from the client, which may turn out to be no operation. */
  receive<R>(take: () => R): R {
    try {
      return this.unit.enter(take);
    } finally {
      if (!this.#claimed) this.end();
    }
  }

  /**
   * Runs one listener for the message. One that claims it, and gives a promise, has that settle when the operation is over in
   * whatever way: a syntax error, or a hook that throws, is told to no other hook.
   */
  handle(listener: () => unknown): void {
    const claimed = this.#claimed;
    const handling = listener();
    if (claimed || !this.#claimed || !types.isPromise(handling)) return;
    // A rejection is left unhandled, as it would be by `emit`.
    void handling.finally(() => this.end());
  }

  /** It is one. */
  claim(): void {
    this.#claimed = true;
  }

  /** Notes where the events of the subscription come from; gives what is to be put in its place. */
  subscribed(source: AsyncIterable<unknown>): HeldSource {
    this.#source = new HeldSource(source);
    return this.#source;
  }

  /** The results of the subscription, each of them computed in a unit of work of its own. */
  events(results: AsyncIterable<unknown>): GraphqlEvents {
    this.#events = new GraphqlEvents(this.unit, results, this.#source, this.#endings);
    return this.#events;
  }

  /** Whether a subscription goes on, whatever else is said of it. */
  get subscribes(): boolean {
    return this.#events !== undefined;
  }

  end(): void {
    const ending = this.unit.end();
    if (ending === undefined || this.#endings.has(ending)) return;
    this.#endings.add(ending);
    void ending.finally(() => this.#endings.delete(ending));
  }

  abandon(reason: DOMException): void {
    this.unit.enter(() => this.unit.abort(reason));
    this.#events?.abandon(reason);
  }
}
