import type { Context } from '../../core/index.js';
import { type CarrierEntry, correlationId, ID_PATTERN, optionsOf, requestId } from '../../core/internal.js';
import {
  type AcceptedVariable,
  acceptedBaggage,
  type HttpRequestLike,
  requireHeaders,
} from './accepted-baggage.js';

const ID_HEADERS: readonly (readonly [name: string, header: string])[] = [
  [requestId.name, 'x-request-id'],
  [correlationId.name, 'x-correlation-id'],
];

export interface ExtractHttpOptions<R extends HttpRequestLike = HttpRequestLike> {
  /** Variables that are taken from `baggage`; see `acceptHttpContext`, also for what is refused. Default: none. */
  readonly accept?: readonly AcceptedVariable<R>[];
  /**
   * Whether `x-request-id` and `x-correlation-id` are taken, where they match `^[A-Za-z0-9._-]{1,128}$`. A function
   * must give `true`. Default: true.
   */
  readonly acceptIds?: boolean | ((request: R) => boolean);
}

/**
 * A new Context of what an HTTP request says: its ids, and the variables that its peer is trusted with. For a server
 * without Nest; in Nest, `ContextModule` and `acceptHttpContext` do that. What cannot be used is left out; it throws
 * for no request.
 *
 * @example
 * createServer((request, response) => {
 *   const context = extractHttpContext(request, { accept: [{ variable: tenant, from: isGateway }] });
 *   runUnitOfWork({ kind: 'http', context }, () => handle(request, response));
 * });
 */
export function extractHttpContext<R extends HttpRequestLike>(
  request: R,
  options?: ExtractHttpOptions<R>,
): Context {
  const where = 'extractHttpContext';
  const { accept = [], acceptIds = true } = optionsOf(where, options) ?? {};
  const headers = requireHeaders(where, request);
  const idsAccepted = acceptIds === true || (typeof acceptIds === 'function' && acceptIds(request) === true);
  const ids = idsAccepted ? ID_HEADERS.flatMap(([name, header]) => idEntry(name, headers[header])) : [];
  return acceptedBaggage(where, request, accept, ids).context;
}

/** A header that was sent twice is joined by Node, and refused. */
function idEntry(name: string, id: unknown): CarrierEntry[] {
  return typeof id === 'string' && ID_PATTERN.test(id) ? [[name, id]] : [];
}
