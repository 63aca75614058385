import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { defer, from, type Observable, switchMap, tap } from 'rxjs';
import { currentFrame, type Unit } from '../core/internal.js';
import { HttpExchange } from './http-exchange.js';
import type { PopulateFunction } from './populator.js';
import type { Populators } from './populators.js';
import { RequestContext } from './request-context.js';

/**
 * Populates the context of a request or message after the guards and before the handler, and notes what leaves the handler
 * of a request as an error. Only in applications that ask for either: Nest takes longer for what has an interceptor.
 */
export class PopulatingInterceptor implements NestInterceptor {
  readonly #populators: Populators;
  readonly #context = new RequestContext();
  /** What has run, or runs, in units of work that several handlers may share: the resolvers of a GraphQL operation. */
  readonly #begun = new WeakMap<Unit, Map<PopulateFunction, Promise<void>>>();

  constructor(populators: Populators) {
    this.#populators = populators;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return context.getType() === 'http' ? this.#ofRequest(context, next) : this.#ofMessage(context, next);
  }

  #ofRequest(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const exchange = HttpExchange.of(context.switchToHttp().getRequest<object>());
    if (exchange === undefined) return next.handle();
    return noting(
      exchange,
      this.#populated(context, next, (populate) => populate(this.#context, context)),
    );
  }

  #ofMessage(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const unit = currentFrame()?.unit;
    if (unit === undefined) return next.handle();
    const handled = this.#populated(context, next, (populate) => this.#once(unit, populate, context));
    // A GraphQL operation that came over HTTP.
    return unit.state instanceof HttpExchange ? noting(unit.state, handled) : handled;
  }

  #populated(
    context: ExecutionContext,
    next: CallHandler,
    run: (populate: PopulateFunction) => void | Promise<void>,
  ): Observable<unknown> {
    const populators = this.#populators.of(context);
    if (populators.length === 0) return next.handle();
    const populate = async () => {
      for (const populator of populators) await run(populator);
    };
    return defer(() => from(populate()).pipe(switchMap(() => next.handle())));
  }

  /** Whoever comes second waits for the first, and fails with it. */
  #once(unit: Unit, populate: PopulateFunction, context: ExecutionContext): Promise<void> {
    let begun = this.#begun.get(unit);
    if (begun === undefined) {
      begun = new Map();
      this.#begun.set(unit, begun);
    }
    let running = begun.get(populate);
    if (running === undefined) {
      running = (async () => populate(this.#context, context))();
      begun.set(populate, running);
    }
    return running;
  }
}

function noting(exchange: HttpExchange, handled: Observable<unknown>): Observable<unknown> {
  return handled.pipe(tap({ error: (error) => exchange.fail(error) }));
}
