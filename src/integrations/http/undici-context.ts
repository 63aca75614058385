import { bindContext, currentUnit } from '../../core/index.js';
import { listCarrier } from './header-carrier.js';
import { OutgoingHeaders, type OutgoingOptions } from './outgoing-headers.js';
import { mark } from './undici-mark.js';
import { mayCarryContext, type UndiciTarget } from './undici-target.js';

type Dispatch = (options: UndiciTarget & { readonly headers?: unknown }, handler: object) => boolean;

/** The last that a handler is called with, in the two forms that undici has had. */
const LAST = new Set<unknown>([
  'onComplete',
  'onError',
  'onUpgrade',
  'onResponseEnd',
  'onResponseError',
  'onRequestUpgrade',
]);

/**
 * An interceptor of undici that sends the current context as `propagateOutgoing` does, with any dispatcher: with a limit
 * on connections, with retries, with redirects. Put it first: then it sees each request that the others make, and they
 * work in the context of the request that they were asked for.
 *
 * A dispatcher for one origin (`Client`, `Pool`) has to be asked with `origin` in the options of the request.
 *
 * @throws TypeError for what is no origin; ContextError `ERR_NOT_PORTABLE` for a variable that can never cross.
 *
 * @example
 * const dispatcher = new Agent({ connections: 10 }).compose(
 *   undiciContext({ origins: ['https://prices.example.com'] }),
 *   interceptors.retry(),
 *   interceptors.redirect({ maxRedirections: 3 }),
 * );
 */
export function undiciContext(
  options: OutgoingOptions,
): <D extends (options: never, handler: never) => boolean>(dispatch: D) => D {
  const outgoing = new OutgoingHeaders('undiciContext', options);
  return <D extends (options: never, handler: never) => boolean>(dispatch: D) => {
    const send = dispatch as unknown as Dispatch;
    const withContext: Dispatch = (asked, handler) => {
      if (currentUnit() === undefined) return send(asked, handler);
      const headers = mayCarryContext(asked, outgoing.allows) ? listOf(asked.headers) : undefined;
      const unmark = headers && giveContext(headers, outgoing);
      if (unmark === undefined) return send(asked, bindHandler(handler));
      try {
        return send({ ...asked, headers }, bindHandler(handler, unmark));
      } catch (error) {
        unmark();
        throw error;
      }
    };
    return withContext as unknown as D;
  };
}

/** Adds the context to a list of headers; undefined where there was nothing to add. */
function giveContext(list: unknown[], outgoing: OutgoingHeaders): (() => void) | undefined {
  const headers = listCarrier(list);
  const added = outgoing.for(headers.get);
  if (added.length === 0) return undefined;
  const before = added.map(([name]) => [name, headers.get(name)] as const);
  for (const [name, value] of added) headers.set(name, value);
  return mark(list, { allows: outgoing.allows, before });
}

/** The handler, whose methods run in the context of now: a retry or a redirect goes on from there. */
function bindHandler(handler: object, whenOver?: () => void): object {
  const call = bindContext((method: (...args: unknown[]) => unknown, args: unknown[]) =>
    Reflect.apply(method, handler, args),
  );
  return new Proxy(handler, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        if (LAST.has(key)) whenOver?.();
        return call(member as (...args: unknown[]) => unknown, args);
      };
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  });
}

/** A copy of what undici takes in several forms, as names and values in turn. */
function listOf(headers: unknown): unknown[] {
  if (headers === undefined || headers === null) return [];
  if (Array.isArray(headers) && !Array.isArray(headers[0])) return [...headers];
  const isIterable = typeof (headers as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function';
  return (isIterable ? [...(headers as Iterable<unknown[]>)] : Object.entries(headers as object)).flat();
}
