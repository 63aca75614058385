import type { IncomingMessage } from 'node:http';
import { correlationId, ID_PATTERN, requestId } from '../core/internal.js';

export { correlationId, requestId };

/** Whether an id that the caller sent is used. A function must give `true` for it: a promise is a no. */
export type AcceptId = boolean | ((id: string, request: IncomingMessage) => boolean);

export type GenerateId = (request: IncomingMessage) => string;

export interface RequestIdOptions {
  /** The header that carries the id, in and out. Default: `x-request-id`. */
  readonly header?: string;
  /**
   * Whether the caller's id is used. It must match `^[A-Za-z0-9._-]{1,128}$` in any case and is replaced
   * otherwise. A function that throws fails the request. Default: true.
   */
  readonly accept?: AcceptId;
  /**
   * Makes an id where the caller gave none that is accepted. One that does not match the pattern is logged and
   * replaced by a UUID: it could end the header it is sent in. Where it throws the request fails. Default: a UUID.
   */
  readonly generate?: GenerateId;
}

export interface CorrelationIdOptions {
  /** The header that carries the id, in and out. Default: `x-correlation-id`. */
  readonly header?: string;
  /** As for the request id. Default: true. Where none is accepted, the request id is used. */
  readonly accept?: AcceptId;
}

/** The id in `header`, if it is well-formed and accepted. A header sent twice is joined by Node, and refused. */
export function inboundId(request: IncomingMessage, header: string, accept: AcceptId): string | undefined {
  const id = request.headers[header];
  if (typeof id !== 'string' || accept === false || !ID_PATTERN.test(id)) return undefined;
  return accept === true || accept(id, request) === true ? id : undefined;
}

/** An id that `generate` makes; where it gives what cannot be one, an error that says so. */
export function generatedId(request: IncomingMessage, generate: GenerateId): string | TypeError {
  const id: unknown = generate(request);
  if (typeof id === 'string' && ID_PATTERN.test(id)) return id;
  // Not with the id: it may be anything, for any length.
  return new TypeError(`requestId.generate gave what does not match ${ID_PATTERN.source}; a UUID is used`);
}
