import type { IncomingMessage, ServerResponse } from 'node:http';
import { CLS_REQ, CLS_RES, ClsServiceManager } from 'nestjs-cls';
import { emptyCell, openUnit } from '../core/internal.js';
import type { ResolvedOptions } from './context-module.options.js';
import { HttpExchange } from './http-exchange.js';
import type { RequestContext } from './request-context.js';
import { correlationId, generatedId, inboundId, requestId } from './request-ids.js';

/** Opens a unit of work around each HTTP request: once, however many points of a server ask for it. */
export class HttpOpener {
  readonly #options: ResolvedOptions;
  readonly #context: RequestContext;

  constructor(options: ResolvedOptions, context: RequestContext) {
    this.#options = options;
    this.#context = context;
  }

  /** Runs `fn` in the unit of `request`, which is opened if it is not. */
  open<R>(request: IncomingMessage, response: ServerResponse, fn: (exchange: HttpExchange) => R): R {
    const exchange = HttpExchange.of(request);
    if (exchange !== undefined) return exchange.join(() => fn(exchange));
    const id = this.#requestId(request);
    const opened = new HttpExchange(openUnit({ kind: 'http', cell: emptyCell(), id }), request, response);
    return opened.enter(() => {
      this.#fill(id, request, response);
      opened.watch(request);
      return fn(opened);
    });
  }

  /** Runs the set-up, once per request, then `next`, with the error where it fails. */
  setUp(exchange: HttpExchange, request: IncomingMessage, next: (error?: unknown) => void): void {
    const { setup } = this.#options;
    if (setup === undefined || !exchange.claimSetup()) {
      next();
      return;
    }
    let done: void | Promise<void>;
    try {
      done = setup(this.#context, request);
    } catch (error) {
      next(asError(error));
      return;
    }
    if (typeof done?.then === 'function') {
      done.then(
        () => next(),
        (error) => next(asError(error)),
      );
    } else next();
  }

  #requestId(request: IncomingMessage): string {
    const { header, accept, generate } = this.#options.requestId;
    return inboundId(request, header, accept) ?? generatedId(request, generate);
  }

  #fill(id: string, request: IncomingMessage, response: ServerResponse): void {
    const { requestId: own, correlationId: shared, respondWithIds } = this.#options;
    const conversation = inboundId(request, shared.header, shared.accept) ?? id;
    requestId.set(id);
    correlationId.set(conversation);
    if (respondWithIds) {
      response.setHeader(own.header, id);
      response.setHeader(shared.header, conversation);
    }
    const cls = ClsServiceManager.getClsService();
    cls.set(CLS_REQ, request);
    cls.set(CLS_RES, response);
  }
}

/** `next(undefined)` would mean that all went well. */
function asError(error: unknown): unknown {
  return error ?? new Error('The set-up of the context failed without an error');
}
