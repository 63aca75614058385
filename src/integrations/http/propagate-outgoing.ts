import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { currentUnit } from '../../core/index.js';
import { reportError } from '../../core/internal.js';
import { listCarrier } from './header-carrier.js';
import { OutgoingHeaders, type OutgoingOptions } from './outgoing-headers.js';
import { askedByApplication } from './undici-caller.js';
import { mayCarryContext } from './undici-target.js';

/** Of undici 6 and later: `headers` is a list of names and values in turn. */
interface UndiciRequest {
  readonly origin?: string | URL;
  readonly path?: unknown;
  readonly method?: unknown;
  readonly headers?: unknown;
  addHeader(name: string, value: string): unknown;
}

const CREATE = 'undici:request:create';

/** Ends what `propagateOutgoing` began. */
export interface OutgoingPropagation extends Disposable {
  (): void;
}

/**
 * From now on, requests by `fetch` and undici to one of the `origins` carry the current context: `x-request-id`,
 * `x-correlation-id`, and the portable variables that are set, in `baggage`. To no other origin anything is sent: each
 * hop of a redirect is looked at anew. A header or an entry of `baggage` that the caller has set stays as it is. Outside
 * any unit of work nothing is sent. Call it once, where the process starts.
 *
 * A variable that cannot be sent (over 256 bytes, a codec that fails) fails no request: that request goes out with the
 * ids and without any variable, which a warning says once and the diagnostics channel
 * `nestjs-contextvars:http:left-out` each time.
 *
 * Requests that undici makes by itself later (from the queue of a pool with a limit on connections, again after an
 * error, a redirect that an interceptor follows) get nothing, because the context of that moment is somebody else's.
 * With such a dispatcher use `undiciContext` as well.
 *
 * @throws TypeError for what is no origin; ContextError `ERR_NOT_PORTABLE` for a variable that can never cross.
 *
 * @example
 * const stop = propagateOutgoing({ origins: ['https://prices.example.com'] });
 */
export function propagateOutgoing(options: OutgoingOptions): OutgoingPropagation {
  const outgoing = new OutgoingHeaders('propagateOutgoing', options);
  function onCreate(message: unknown): void {
    // What a subscriber throws ends the process.
    try {
      addContext((message as { readonly request: UndiciRequest }).request, outgoing, onCreate);
    } catch (error) {
      reportError(error, 'in an outgoing request, which goes out without its context');
    }
  }
  subscribe(CREATE, onCreate);
  const stop = () => void unsubscribe(CREATE, onCreate);
  return Object.assign(stop, { [Symbol.dispose]: stop });
}

function addContext(
  request: UndiciRequest,
  outgoing: OutgoingHeaders,
  listener: (message: unknown) => void,
): void {
  if (currentUnit() === undefined || !Array.isArray(request.headers)) return;
  if (!mayCarryContext(request, outgoing.allows) || !askedByApplication(listener)) return;
  const headers = listCarrier(request.headers);
  for (const [name, value] of outgoing.for(headers.get)) {
    if (headers.get(name) === undefined) request.addHeader(name, value);
    else headers.set(name, value);
  }
}
