import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Observable } from 'rxjs';
import { HttpExchange } from './http-exchange.js';

/** Tells the unit of work of an HTTP request when its handler begins and settles. */
@Injectable()
export class HandlerInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const exchange = context.getType() === 'http' ? exchangeOf(context) : undefined;
    if (exchange === undefined) return next.handle();
    exchange.handlerStarted();
    return new Observable((subscriber) => {
      subscriber.add(() => exchange.handlerSettled());
      // A guard that was called back from elsewhere (a pooled connection) has lost the context by now.
      exchange.join(() => subscriber.add(next.handle().subscribe(subscriber)));
    });
  }
}

function exchangeOf(context: ExecutionContext): HttpExchange | undefined {
  const request = context.switchToHttp().getRequest<{ raw?: object }>();
  return HttpExchange.of(request.raw ?? request);
}
