import type { IncomingMessage } from 'node:http';

/** The path as the client sent it, without scheme, host and credentials where it sent these. */
export function requestPath(request: IncomingMessage & { originalUrl?: string }, query: boolean): string {
  const url = (request.originalUrl ?? request.url ?? '').replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '');
  const end = query ? -1 : url.search(/[?#]/);
  return (end === -1 ? url : url.slice(0, end)) || '/';
}
