import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, type NestMiddleware } from '@nestjs/common';
import { SpanKind } from '@opentelemetry/api';
import { currentRequestId } from 'nestjs-contextvars';
import { withSpan } from 'nestjs-contextvars/opentelemetry';

/** A span around each request, until its response has gone out. With `@opentelemetry/instrumentation-http` it is not needed. */
@Injectable()
export class RequestSpanMiddleware implements NestMiddleware {
  use(
    { method, originalUrl }: IncomingMessage & { readonly originalUrl?: string },
    response: ServerResponse,
    next: () => void,
  ): void {
    const attributes = { 'request.id': currentRequestId() ?? '' };
    void withSpan(`${method} ${originalUrl}`, { kind: SpanKind.SERVER, attributes }, () => {
      const closed = once(response, 'close');
      next();
      return closed;
    });
  }
}
