import { type AxiosRequest, axiosTargets, sentByNode } from './axios-target.js';
import { type HeaderCarrier, headersOf } from './header-carrier.js';
import { OutgoingHeaders, type OutgoingOptions } from './outgoing-headers.js';

/** A function of axios's `transformRequest`, called with the configuration of the request as `this`. */
type Transform = (this: AxiosRequest, data: unknown, headers: object) => unknown;
/** Called with what follow-redirects is about to ask. */
type BeforeRedirect = (options: RedirectOptions, ...details: unknown[]) => void;

interface RedirectOptions {
  readonly href?: unknown;
  readonly headers?: Record<string, unknown>;
  readonly [part: string]: unknown;
}

/** What one interceptor has to say about the headers of one request, wherever that goes. */
interface Offer {
  /** Takes back what this request was ever given by the interceptor. */
  withdraw(headers: HeaderCarrier): void;
  place(headers: HeaderCarrier, urls: readonly string[]): void;
}

/** Of our hooks: that of the application, and the offers by their stamps. */
interface Hooked {
  readonly application: BeforeRedirect | undefined;
  readonly offers: ReadonlyMap<Transform, Offer>;
}

const hooks = new WeakMap<BeforeRedirect, Hooked>();

/**
 * A request interceptor of axios, for Node: requests to one of the `origins` carry the current context, as those of
 * `propagateOutgoing` do. What is asked in the end counts: `baseURL`, an absolute `url`, what other interceptors make of
 * them, each hop of a redirect.
 *
 * Only for axios's own `http` adapter, and without `transport` and `socketPath`: of others it is not known where they
 * send. With the adapter `fetch` use `propagateOutgoing`.
 *
 * @throws TypeError for what is no origin; ContextError `ERR_NOT_PORTABLE` for a variable that can never cross.
 *
 * @example
 * client.interceptors.request.use(axiosContext({ origins: ['https://prices.example.com'] }));
 */
export function axiosContext(options: OutgoingOptions): <C extends AxiosRequest>(request: C) => C {
  const outgoing = new OutgoingHeaders('axiosContext', options);
  const own = new WeakSet<Transform>();
  return (request) => {
    const transforms = [(request.transformRequest as Transform[] | Transform | undefined) ?? []].flat();
    // A request that is sent again still has it.
    if (transforms.some((transform) => own.has(transform))) return request;
    const stamp = stampOf(outgoing);
    own.add(stamp);
    // By the time that bodies are transformed all interceptors have run, and nothing changes the URL any more.
    request.transformRequest = [...transforms, stamp];
    return request;
  };
}

function stampOf(outgoing: OutgoingHeaders): Transform {
  /** Each value that this request was ever given, and what it replaced. */
  const given = new Map<string, Map<string, string | undefined>>();

  function withdraw(headers: HeaderCarrier): void {
    for (const [name, values] of given) {
      const now = headers.get(name);
      if (now === undefined || !values.has(now)) continue;
      const before = values.get(now);
      if (before === undefined) headers.delete(name);
      else headers.set(name, before);
    }
  }

  function offerFor(headers: HeaderCarrier): Offer {
    const offered = outgoing.for(headers.get);
    for (const [name, value] of offered) {
      const values = given.get(name) ?? new Map<string, string | undefined>();
      given.set(name, values.set(value, headers.get(name)));
    }
    const place = (target: HeaderCarrier, urls: readonly string[]) => {
      if (!urls.every(outgoing.allows)) return;
      for (const [name, value] of offered) {
        // Not where somebody has set it meanwhile.
        if (target.get(name) === given.get(name)?.get(value)) target.set(name, value);
      }
    };
    return { withdraw, place };
  }

  return function stamp(data, rawHeaders) {
    const headers = headersOf(rawHeaders);
    const { application, offers } = hookedOf(this.beforeRedirect as BeforeRedirect | undefined);
    // What others have placed may be there for this request's first origin only: all is offered anew.
    for (const offer of offers.values()) offer.withdraw(headers);
    withdraw(headers);
    if (!sentByNode(this)) {
      this.beforeRedirect = application;
      return data;
    }
    const current = new Map(offers).set(stamp, offerFor(headers));
    for (const offer of current.values()) offer.place(headers, axiosTargets(this));
    this.beforeRedirect = hookOf({ application, offers: current });
    return data;
  };
}

const DESTINATION = ['href', 'protocol', 'hostname', 'host', 'port', 'path'];

function hookedOf(hook: BeforeRedirect | undefined): Hooked {
  return (hook && hooks.get(hook)) ?? { application: hook, offers: new Map() };
}

function hookOf(hooked: Hooked): BeforeRedirect {
  const hook: BeforeRedirect = (redirect, ...details) => {
    const said = DESTINATION.map((part) => redirect[part]);
    hooked.application?.(redirect, ...details);
    if (redirect.headers === undefined) return;
    const headers = headersOf(redirect.headers);
    for (const offer of hooked.offers.values()) offer.withdraw(headers);
    // The application may have sent it elsewhere than `href` says.
    if (DESTINATION.some((part, i) => redirect[part] !== said[i])) return;
    for (const offer of hooked.offers.values()) offer.place(headers, [String(redirect.href)]);
  };
  hooks.set(hook, hooked);
  return hook;
}
