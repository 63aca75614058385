import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, Logger, type NestMiddleware, UnsupportedMediaTypeException } from '@nestjs/common';

/** Bodies are JSON. Express would leave others unread, and Fastify refuses even an empty one that says it is JSON. */
@Injectable()
export class JsonBodyMiddleware implements NestMiddleware {
  readonly #logger = new Logger(JsonBodyMiddleware.name);

  use({ headers }: IncomingMessage, _response: ServerResponse, next: () => void): void {
    const empty = headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
    if (empty) delete headers['content-type'];
    else if (!/^application\/json *(;|$)/i.test(headers['content-type'] ?? '')) {
      throw new UnsupportedMediaTypeException('Send the body as application/json');
    } else this.#logger.log(`takes ${headers['content-length'] ?? 'some'} bytes of JSON`);
    next();
  }
}
