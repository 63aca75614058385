import type { AbstractHttpAdapter } from '@nestjs/core';
import { HttpExchange } from './http-exchange.js';

type Handler = (this: unknown, request: object, ...rest: unknown[]) => unknown;
type Register = (...args: unknown[]) => unknown;

/** The methods of an adapter that register a route. */
const METHODS = [
  ...['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'all', 'search', 'query'],
  ...['propfind', 'proppatch', 'mkcol', 'copy', 'move', 'lock', 'unlock'],
] as const;

/**
 * Makes every route that is registered from now on tell its request's exchange when it begins and settles: guards,
 * pipes, interceptors and the handler, which Nest runs as one. Not by an interceptor: Nest takes longer for a request that
 * has one, whatever that does.
 */
export function serveRoutes(adapter: AbstractHttpAdapter): void {
  const routes = adapter as unknown as Record<string, Register | undefined>;
  for (const method of METHODS) {
    const register = routes[method];
    if (typeof register !== 'function') continue;
    routes[method] = (...args) => {
      const handler = args.at(-1);
      return register.apply(adapter, isHandler(handler) ? [...args.slice(0, -1), served(handler)] : args);
    };
  }
}

/** Express takes a function of four for one that handles errors. */
function isHandler(handler: unknown): handler is Handler {
  return typeof handler === 'function' && handler.length < 4;
}

function served(handler: Handler): Handler {
  function serve(this: unknown, request: object, ...rest: unknown[]): unknown {
    const exchange = HttpExchange.of(request);
    const run = () => handler.call(this, request, ...rest);
    return exchange === undefined ? run() : exchange.serve(run);
  }
  return likeHandler(serve, handler);
}

/** Adapters read the options of a route (its version, say) from its handler, and show its name. */
function likeHandler(wrapper: Handler, handler: Handler): Handler {
  Object.assign(wrapper, handler);
  for (const key of Reflect.getMetadataKeys(handler))
    Reflect.defineMetadata(key, Reflect.getMetadata(key, handler), wrapper);
  for (const key of ['name', 'length'])
    Object.defineProperty(wrapper, key, { value: handler[key as 'name'], configurable: true });
  return wrapper;
}
