import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { currentRequestId } from '../../core/index.js';
import { optionsOf, requireFunction } from '../../core/internal.js';
import { contextMixin } from './context-mixin.js';
import type { PinoHttpOptions } from './pino-http.options.js';
import { read, symbolsOf } from './pino-symbols.js';
import { safeHooks } from './safe-hooks.js';

/**
 * Options for pino-http, and so for the `pinoHttp` of nestjs-pino: with `contextMixin`, with `safeHooks`, and with the
 * request id of the context as `req.id`. An own `mixin`, own `hooks` and an own `genReqId` are taken over.
 *
 * @throws TypeError where an option has the wrong type, or `logger` is one that was made without a mixin.
 *
 * @example
 * const logging = LoggerModule.forRoot({ pinoHttp: contextPinoHttp({ level: 'info' }) });
 */
export function contextPinoHttp<
  Request = IncomingMessage,
  Response = ServerResponse,
  CustomLevels extends string = never,
>(
  options?: PinoHttpOptions<Request, Response, CustomLevels>,
): PinoHttpOptions<Request, Response, CustomLevels> {
  const { mixin, hooks, genReqId = () => randomUUID(), logger } = optionsOf('contextPinoHttp', options) ?? {};
  requireFunction('contextPinoHttp: genReqId', genReqId);
  if (logger !== undefined) requireMixin(logger);
  return {
    ...options,
    mixin: contextMixin({ mixin }),
    hooks: safeHooks(hooks),
    genReqId: (request, response) => currentRequestId() ?? genReqId(request, response),
  };
}

/** pino-http makes a child of it, and a child has the mixin and the hooks of its parent, whatever the options say. */
function requireMixin(logger: object): void {
  const symbols = symbolsOf(logger);
  if (symbols !== undefined && read(logger, symbols.mixin) === undefined)
    throw new TypeError(
      'contextPinoHttp: a logger that exists takes no mixin; make it with pino({ mixin: contextMixin() })',
    );
}
