import type { IncomingMessage } from 'node:http';
import { emptyCell, openUnit, outsideAny, type Unit } from '../core/internal.js';
import type { ResolvedOptions } from './context-module.options.js';
import type { ModuleLog } from './module-log.js';
import { correlationId, inboundId, requestId } from './request-ids.js';
import { WebsocketConnection } from './websocket-connection.js';

/** Opens a unit of work for each WebSocket connection of an application. */
export class WebsocketOpener {
  readonly #options: ResolvedOptions;
  readonly #log: ModuleLog;
  readonly #endings = new Set<Promise<void>>();
  readonly #open = new Map<Unit, WebsocketConnection>();

  constructor(options: ResolvedOptions, log: ModuleLog) {
    this.#options = options;
    this.#log = log;
  }

  /** Opens the unit of a connection that has just been made; `handshake` is the HTTP request that it began as. */
  open(handshake: IncomingMessage | undefined): WebsocketConnection {
    // Functions of the options must not see what the server was started in.
    const conversation = handshake && outsideAny(() => this.#conversationOf(handshake));
    const cell = emptyCell();
    const unit = openUnit({ kind: 'ws-connection', cell });
    cell.unit = unit;
    cell.write(requestId.index, unit.id);
    cell.write(correlationId.index, conversation ?? unit.id);
    const connection = new WebsocketConnection(unit, this.#endings);
    this.#open.set(unit, connection);
    unit.onRelease(() => this.#open.delete(unit));
    return connection;
  }

  /** Settles when the ends that are under way are over: disposal of instances. */
  async ended(): Promise<void> {
    while (this.#endings.size > 0) await Promise.all(this.#endings);
  }

  /** The servers are closed: a client whose adapter does not say that it has left has left all the same. */
  close(): void {
    for (const connection of this.#open.values()) connection.disconnect();
  }

  #conversationOf(handshake: IncomingMessage): string | undefined {
    const { requestId: own, correlationId: shared } = this.#options;
    try {
      return (
        inboundId(handshake, shared.header, shared.accept) ?? inboundId(handshake, own.header, own.accept)
      );
    } catch (error) {
      // There is no request that could be refused: it is a connection by now.
      this.#log.error(error, 'in an option, for a WebSocket connection');
      return undefined;
    }
  }
}
