import type { IncomingMessage, ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import type { RequestContext } from 'nestjs-contextvars';

const logger = new Logger('Access');

/**
 * One line per answer. Runs before anybody knows who is asking, but its listener belongs to the request: by
 * then it reads what the guard has set.
 */
export function accessLog(context: RequestContext, request: IncomingMessage): void {
  const { method, url } = request;
  const response = nodeResponse(context.response);
  response.once('finish', () => {
    logger.log(`${method} ${url} ${response.statusCode} in ${context.elapsed.toFixed(1)} ms`);
  });
}

/** Fastify's reply wraps Node's response, Express extends it. */
function nodeResponse(response: unknown): ServerResponse {
  return (response as { raw?: ServerResponse }).raw ?? (response as ServerResponse);
}
