import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { defer, from, type Observable, switchMap, tap } from 'rxjs';
import { HttpExchange } from './http-exchange.js';
import type { PopulateFunction } from './populator.js';
import type { Populators } from './populators.js';
import { RequestContext } from './request-context.js';

/**
 * Populates the context of an HTTP request after the guards and before the handler, and notes what leaves the handler
 * as an error. Only in applications that ask for either: Nest takes longer for a request that has an interceptor.
 */
export class PopulatingInterceptor implements NestInterceptor {
  readonly #populators: Populators;
  readonly #context = new RequestContext();

  constructor(populators: Populators) {
    this.#populators = populators;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const exchange = HttpExchange.of(context.switchToHttp().getRequest<object>());
    if (exchange === undefined) return next.handle();
    const populators = this.#populators.of(context);
    const handled =
      populators.length === 0
        ? next.handle()
        : defer(() => from(this.#populate(populators, context)).pipe(switchMap(() => next.handle())));
    return handled.pipe(tap({ error: (error) => exchange.fail(error) }));
  }

  async #populate(populators: readonly PopulateFunction[], context: ExecutionContext): Promise<void> {
    for (const populate of populators) await populate(this.#context, context);
  }
}
