import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { Observable, type Subscriber } from 'rxjs';
import { HttpExchange } from './http-exchange.js';
import type { PopulateFunction } from './populator.js';
import { Populators } from './populators.js';
import { RequestContext } from './request-context.js';

/**
 * Tells the unit of work of an HTTP request when its handler begins and settles, and populates its context in
 * between: after the guards, before the handler.
 */
@Injectable()
export class HandlerInterceptor implements NestInterceptor {
  readonly #populators: Populators;
  readonly #context = new RequestContext();

  constructor(@Inject(Populators) populators: Populators) {
    this.#populators = populators;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const exchange = context.getType() === 'http' ? exchangeOf(context) : undefined;
    if (exchange === undefined) return next.handle();
    const populators = this.#populators.of(context);
    return new Observable((subscriber) => {
      exchange.handlerStarted();
      subscriber.add(() => exchange.handlerSettled());
      // A guard that was called back from elsewhere (a pooled connection) has lost the context by now.
      const handle = () => exchange.join(() => subscriber.add(handled(next, exchange, subscriber)));
      if (populators.length === 0) handle();
      else {
        exchange
          .join(() => this.#populate(populators, context))
          .then(() => {
            if (!subscriber.closed) handle();
          })
          .catch((error) => {
            exchange.fail(error);
            subscriber.error(error);
          });
      }
    });
  }

  async #populate(populators: readonly PopulateFunction[], context: ExecutionContext): Promise<void> {
    for (const populate of populators) await populate(this.#context, context);
  }
}

function handled(next: CallHandler, exchange: HttpExchange, subscriber: Subscriber<unknown>) {
  return next.handle().subscribe({
    next: (value) => {
      exchange.liftLimit();
      subscriber.next(value);
    },
    error: (error) => {
      exchange.fail(error);
      subscriber.error(error);
    },
    complete: () => subscriber.complete(),
  });
}

function exchangeOf(context: ExecutionContext): HttpExchange | undefined {
  const request = context.switchToHttp().getRequest<object & { raw?: unknown }>();
  const { raw } = request;
  // Fastify wraps Node's request as `raw`; on Express that can be anybody's property.
  return (
    HttpExchange.of(request) ?? (typeof raw === 'object' && raw !== null ? HttpExchange.of(raw) : undefined)
  );
}
