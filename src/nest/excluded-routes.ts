import type { IncomingMessage } from 'node:http';
import { RequestMethod } from '@nestjs/common';

/**
 * A route that gets no unit of work: a path, or a path for one method.
 *
 * A path is written as Nest's own `exclude` takes it, without the global prefix, and matches with and
 * without it. A segment is literal, or `:name` for any one segment; a last `*` (or `*name`) is everything
 * below. A version in the URL is part of the path. Case and a slash at the end do not matter.
 */
export type ExcludedRoute = string | { readonly path: string; readonly method?: RequestMethod };

interface Route {
  /** Undefined for all. */
  readonly method: string | undefined;
  readonly pattern: string;
}

interface Matcher {
  readonly method: string | undefined;
  readonly regexp: RegExp;
}

/** What in other route languages means more than itself; it must not silently match nothing. */
const NOT_SUPPORTED = /[{}()[\]?+!"\\]/;

export class ExcludedRoutes {
  readonly #routes: readonly Route[];
  #prefix: string | undefined;
  #matchers: readonly Matcher[] = [];

  /** @throws TypeError where a route is not written as described at {@link ExcludedRoute}. */
  constructor(routes: readonly ExcludedRoute[]) {
    this.#routes = routes.map(routeOf);
  }

  /** The application sets its global prefix after the module was made. */
  has(request: IncomingMessage, globalPrefix: () => string): boolean {
    if (this.#routes.length === 0) return false;
    const prefix = globalPrefix();
    if (prefix !== this.#prefix) this.#compile(prefix);
    const path = pathOf(request);
    return this.#matchers.some(
      ({ method, regexp }) => (method === undefined || method === request.method) && regexp.test(path),
    );
  }

  #compile(prefix: string): void {
    const before = segmentsOf(prefix).map(patternOf).join('');
    this.#prefix = prefix;
    this.#matchers = this.#routes.map(({ method, pattern }) => ({
      method,
      regexp: new RegExp(`^(?:${before})?${pattern}/?$`, 'i'),
    }));
  }
}

function routeOf(route: ExcludedRoute): Route {
  const { path, method } = typeof route === 'string' ? { path: route, method: undefined } : (route ?? {});
  if (typeof path !== 'string' || NOT_SUPPORTED.test(path) || /\*.*\//.test(path)) {
    throw new TypeError(
      "ContextModule: option 'exclude' must be paths such as '/health', '/users/:id/photo' or '/assets/*', " +
        'or { path, method }',
    );
  }
  if (method !== undefined && typeof RequestMethod[method] !== 'string') {
    throw new TypeError("ContextModule: option 'exclude' must have a RequestMethod as method");
  }
  const segments = segmentsOf(path);
  return {
    method: method === undefined || method === RequestMethod.ALL ? undefined : RequestMethod[method],
    // Alone, it is everything: the root too.
    pattern: segments.length === 1 && segments[0]?.startsWith('*') ? '.*' : segments.map(patternOf).join(''),
  };
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function patternOf(segment: string): string {
  if (segment.startsWith('*')) return '/.+';
  if (segment.startsWith(':')) return '/[^/]+';
  return `/${segment.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}`;
}

/** The path as the client sent it: frameworks change `url` on the way and keep what it was. */
function pathOf(request: IncomingMessage & { originalUrl?: string }): string {
  const url = request.originalUrl ?? request.url ?? '/';
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}
