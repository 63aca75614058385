import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, type NestMiddleware } from '@nestjs/common';
import { bindLogContext } from 'nestjs-contextvars';

/** Every line of a request says which program has asked, from here to what it leaves running. */
@Injectable()
export class ClientMiddleware implements NestMiddleware {
  use({ headers }: IncomingMessage, _response: ServerResponse, next: () => void): void {
    bindLogContext({ client: headers['user-agent'] });
    next();
  }
}
