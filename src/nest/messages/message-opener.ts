import { randomUUID } from 'node:crypto';
import { ContextError } from '../../core/index.js';
import { emptyCell, openUnit, outsideAny } from '../../core/internal.js';
import { shareClsStore } from '../cls-store.js';
import type { ModuleLog } from '../module-log.js';
import { RequestContext } from '../request-context.js';
import { watchCall } from './grpc-call.js';
import { type Arrival, ArrivedMessage } from './inbound-message.js';
import type { ResolvedMessageOptions } from './message.options.js';
import { type Cell, carriedCell, withIds } from './message-context.js';
import { MessageExchange } from './message-exchange.js';
import { isForSender, refuse } from './refused-message.js';

type Handle = (args: readonly unknown[]) => unknown;

/** What is known of a message before its unit of work is opened. */
interface Inbound {
  readonly cell: Cell;
  /** Why the message is not to be handled. */
  readonly failure?: { readonly error: unknown };
}

/** Opens a unit of work around each message of a microservice. */
export class MessageOpener {
  readonly #options: ResolvedMessageOptions;
  readonly #log: ModuleLog;
  readonly #hasClsEnhancers: () => boolean;
  /** Not the injected one: where a test overrides that, the set-up still sets up the real context. */
  readonly #context = new RequestContext();
  /** Ends of units of work that are under way: the disposal of instances. */
  readonly #endings = new Set<Promise<void>>();

  constructor(options: ResolvedMessageOptions, log: ModuleLog, hasClsEnhancers: () => boolean) {
    this.#options = options;
    this.#log = log;
    this.#hasClsEnhancers = hasClsEnhancers;
  }

  /** Handles a message in a unit of its own; by a further handler of the same event, in the one that it has. */
  open(arrival: Arrival, handle: Handle): unknown {
    const message = new ArrivedMessage(arrival);
    if (MessageExchange.current(message.context) !== undefined) return handle(message.args);
    const id = randomUUID();
    // Functions of the options must not see what the connection was opened in.
    const { cell, failure } = outsideAny(() => this.#inbound(message, id));
    const unit = openUnit({ kind: 'rpc', cell, id });
    const exchange = new MessageExchange(unit, message.context, this.#endings);
    const args = message.transport === 'grpc' ? watchCall(message, exchange) : message.args;
    const refused = (error: unknown) => this.#refuse(message, args, arrival, error);
    return exchange.serve(() => {
      const [, shared] = args;
      if (typeof shared === 'object' && shared !== null && this.#hasClsEnhancers())
        shareClsStore(unit, shared);
      return failure === undefined
        ? this.#setUp(message, () => handle(args), refused)
        : refused(failure.error);
    });
  }

  /** Settles when the ends that are under way are over. */
  async ended(): Promise<void> {
    while (this.#endings.size > 0) await Promise.all(this.#endings);
  }

  #inbound(message: ArrivedMessage, id: string): Inbound {
    try {
      return { cell: carriedCell(message, this.#options, id) };
    } catch (error) {
      const cell = withIds(emptyCell(), id);
      if (!isBadCarrier(error) || this.#options.onInvalid === 'refuse') return { cell, failure: { error } };
      this.#log.warn(`${error.message} (${describe(message)}, handled with an empty context)`);
      return { cell };
    }
  }

  #setUp(message: ArrivedMessage, next: () => unknown, refused: (error: unknown) => unknown): unknown {
    const { setup } = this.#options;
    if (setup === undefined) return next();
    let done: void | Promise<void>;
    try {
      done = setup(this.#context, message);
    } catch (error) {
      return refused(error);
    }
    // A promise of ours, because a thenable of others may call back from anywhere.
    return typeof done?.then === 'function' ? Promise.resolve(done).then(next, refused) : next();
  }

  #refuse(message: ArrivedMessage, args: readonly unknown[], { server }: Arrival, error: unknown): unknown {
    // Of an event nobody else hears, and a bad carrier is worth a look.
    if (message.isEvent || !isForSender(error))
      this.#log.error(error, `before the handler of ${describe(message)}`);
    return refuse(message, args, server, error);
  }
}

function isBadCarrier(error: unknown): error is ContextError {
  return error instanceof ContextError && error.code === 'ERR_INVALID_CARRIER';
}

function describe({ transport, pattern }: ArrivedMessage): string {
  return `the ${transport} message ${typeof pattern === 'string' ? `'${pattern}'` : JSON.stringify(pattern)}`;
}
