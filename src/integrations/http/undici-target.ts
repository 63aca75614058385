import type { OriginCheck } from './origins.js';

/** What undici is asked for. */
export interface UndiciTarget {
  readonly origin?: string | URL | undefined;
  readonly path?: unknown;
  readonly method?: unknown;
}

/**
 * Whether a request of undici may carry the context. A path that is a URL is meant for a proxy, which then sees the
 * headers as well as the server does: both have to be allowed. A `CONNECT` is for the proxy alone.
 */
export function mayCarryContext({ origin, path, method }: UndiciTarget, allows: OriginCheck): boolean {
  if (origin === undefined || method === 'CONNECT' || !allows(origin)) return false;
  return typeof path !== 'string' || /^[/?*]/.test(path) || path === '' || allows(path);
}
