import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ModulesContainer } from '@nestjs/core';
import {
  emptyCell,
  meetEntry,
  openUnit,
  outsideAny,
  outsideUnits,
  storage,
  type Unit,
} from '../core/internal.js';
import { fillClsStore, shareClsStore } from './cls-store.js';
import type { ContextEnd, ResolvedOptions } from './context-module.options.js';
import { HttpExchange, type HttpHost } from './http-exchange.js';
import type { ModuleLog } from './module-log.js';
import { RequestContext } from './request-context.js';
import { requestChannels } from './request-diagnostics.js';
import { correlationId, type GenerateId, generatedId, inboundId, requestId } from './request-ids.js';
import { requestPath } from './request-path.js';

const { start: requestStart } = requestChannels;

interface Ids {
  readonly id: string;
  readonly conversation: string;
  /** What a function of the options threw: the request is to fail, but has an id all the same. */
  readonly failure?: { readonly error: unknown };
}

/** Opens a unit of work around each HTTP request: once, however many points of a server ask for it. */
export class HttpOpener {
  readonly #options: ResolvedOptions;
  readonly #log: ModuleLog;
  readonly #globalPrefix: () => string;
  readonly #hasClsEnhancers: () => boolean;
  /** Known at the first request: the application may add enhancers until then. */
  #sharesClsStores: boolean | undefined;
  /** Not the injected one: where a test overrides that, the set-up still sets up the real context. */
  readonly #context = new RequestContext();
  readonly #host: HttpHost;
  /** There from the first one on. */
  #refusals: WeakMap<object, { readonly error: unknown }> | undefined;

  constructor(
    options: ResolvedOptions,
    modules: ModulesContainer,
    log: ModuleLog,
    globalPrefix: () => string,
    hasClsEnhancers: () => boolean,
  ) {
    this.#options = options;
    this.#host = { modules, handlerTimeoutMs: options.handlerTimeoutMs, endings: new Set() };
    this.#log = log;
    this.#globalPrefix = globalPrefix;
    this.#hasClsEnhancers = hasClsEnhancers;
  }

  /** Runs `fn` in the unit of `request`, which is opened if it is not; outside any for an excluded one. */
  open<R>(
    request: IncomingMessage,
    response: ServerResponse,
    fn: (exchange: HttpExchange | undefined) => R,
  ): R {
    // A copy of a request that is handed on with the same response is answered by it too.
    const exchange = HttpExchange.of(request) ?? HttpExchange.of(response);
    if (exchange !== undefined)
      return exchange.join(() => {
        // An instrumentation of the server's has opened its span inside the first point.
        meetEntry(exchange.unit);
        return fn(exchange);
      });
    const { excluded } = this.#options;
    // It has no context, also where the server was started or the request injected in one.
    if (excluded.has(request, this.#globalPrefix)) return outsideUnits(() => fn(undefined));
    // Functions of the options must not see what the server was started in.
    const ids = storage.getStore() ? outsideAny(() => this.#idsOf(request)) : this.#idsOf(request);
    const cell = emptyCell();
    cell.write(requestId.index, ids.id);
    cell.write(correlationId.index, ids.conversation);
    const opened = this.#orRefuse(request, () => {
      const unit = openUnit({ kind: 'http', cell, id: ids.id });
      return new HttpExchange(unit, request, response, this.#host);
    });
    if (requestStart.hasSubscribers)
      requestStart.publish({
        unit: opened.unit,
        method: request.method ?? '',
        path: requestPath(request, false),
      });
    let entered = false;
    const inside = (): R => {
      entered = true;
      this.#respondWith(ids, response);
      fillClsStore(request, response);
      this.#sharesClsStores ??= this.#hasClsEnhancers();
      if (this.#sharesClsStores) shareClsStore(opened.unit, request);
      if (ids.failure !== undefined) opened.fail(ids.failure.error);
      const { onEnd } = this.#options;
      if (onEnd !== undefined) opened.unit.on('end', () => this.#end(onEnd, opened));
      opened.watch(request);
      return fn(opened);
    };
    try {
      return opened.enter(inside);
    } catch (error) {
      if (!entered) this.#refuse(request, error, opened.unit);
      throw error;
    }
  }

  /** What kept `request` from being opened, where anything did: a hook of another library's context. It is to be answered with that. */
  refusal(request: object): { readonly error: unknown } | undefined {
    return this.#refusals?.get(request);
  }

  #orRefuse<R>(request: object, open: () => R): R {
    try {
      return open();
    } catch (error) {
      this.#refuse(request, error);
      throw error;
    }
  }

  #refuse(request: object, error: unknown, unit?: Unit): void {
    this.#refusals ??= new WeakMap();
    this.#refusals.set(request, { error });
    void unit?.end();
  }

  /** Runs the set-up, once per request, then `next`, with the error where it fails. */
  setUp(
    exchange: HttpExchange,
    request: IncomingMessage,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ): void {
    const { setup } = this.#options;
    const first = exchange.claimSetup();
    if (first && exchange.failure !== undefined) next(asError(exchange.failure.error));
    else if (!first || setup === undefined) next();
    else {
      let done: void | Promise<void>;
      try {
        done = setup(this.#context, request, response);
      } catch (error) {
        fail(exchange, error, next);
        return;
      }
      if (typeof done?.then === 'function') goOnAfter(done, exchange, next);
      else next();
    }
  }

  /** Settles when the ends that are under way are over. */
  async ended(): Promise<void> {
    const { endings } = this.#host;
    while (endings.size > 0) await Promise.all(endings);
  }

  #idsOf(request: IncomingMessage): Ids {
    const { requestId: own, correlationId: shared } = this.#options;
    let id: string | undefined;
    try {
      id = inboundId(request, own.header, own.accept);
      id ??= own.generate === undefined ? randomUUID() : this.#generatedId(request, own.generate);
      return { id, conversation: inboundId(request, shared.header, shared.accept) ?? id };
    } catch (error) {
      id ??= randomUUID();
      return { id, conversation: id, failure: { error } };
    }
  }

  #generatedId(request: IncomingMessage, generate: GenerateId): string {
    const id = generatedId(request, generate);
    if (typeof id === 'string') return id;
    this.#log.error(id, 'in an option');
    return randomUUID();
  }

  #respondWith({ id, conversation }: Ids, response: ServerResponse): void {
    const { requestId: own, correlationId: shared, respondWithIds } = this.#options;
    // Another listener of the server may have answered already.
    if (!respondWithIds || response.headersSent) return;
    response.setHeader(own.header, id);
    response.setHeader(shared.header, conversation);
  }

  #end(onEnd: ContextEnd, exchange: HttpExchange): Promise<void> | undefined {
    const report = (error: unknown) => this.#log.error(error, `in onEnd of the request ${exchange.unit.id}`);
    let reported: void | Promise<void>;
    try {
      reported = exchange.enter(() => onEnd(this.#context, exchange.summary()));
    } catch (error) {
      report(error);
      return undefined;
    }
    if (typeof reported?.then !== 'function') return undefined;
    return Promise.resolve(reported).catch(report);
  }
}

function goOnAfter(done: Promise<void>, exchange: HttpExchange, next: (error?: unknown) => void): void {
  // A promise of ours, because a thenable of others may call back from anywhere.
  Promise.resolve(done).then(
    () => next(),
    (error) => fail(exchange, error, next),
  );
}

function fail(exchange: HttpExchange, error: unknown, next: (error?: unknown) => void): void {
  exchange.fail(error);
  next(asError(error));
}

/** `next(undefined)` would mean that all went well. */
function asError(error: unknown): unknown {
  return error ?? new Error('The set-up of the context failed without an error');
}
