import { type ContextVar, currentUnit } from '../../core/index.js';
import { optionsOf, wrongArgument } from '../../core/internal.js';
import { type HeaderCarrier, headersOf } from './header-carrier.js';
import { mergeBaggage } from './merge-baggage.js';
import { idHeaders } from './outgoing-headers.js';
import { portableEntries, requirePortables } from './portable-entries.js';

export interface InjectHttpOptions {
  /** The variables that are written, where they are set. Default: every variable that has a codec. */
  readonly variables?: readonly ContextVar<unknown>[];
}

/**
 * Writes the current context to the headers of an outgoing request: `x-request-id`, `x-correlation-id`, and the
 * portable variables that are set as entries of `baggage`. Gives the headers back. Headers of other names stay
 * (`traceparent` and `tracestate` too), and so do entries of `baggage` with other keys. Outside any unit of work it
 * writes nothing.
 *
 * It does not look at where the request goes: a client that follows a redirect to another host may take the headers
 * along. See `propagateOutgoing` and `axiosContext`, which do look.
 *
 * @param headers A plain object, `Headers`, or what else has `get`, `set` and `delete`. Default: a new object.
 * @throws ContextError, and then nothing is written: `ERR_NOT_PORTABLE` where a codec cannot write a value, or where one
 * is over 256 bytes with its name or has a control character; `ERR_INVALID_CARRIER` over 64 entries or 8192 bytes.
 *
 * @example
 * request('http://127.0.0.1:4000/prices', { headers: injectHttpContext({ accept: 'text/plain' }) });
 */
export function injectHttpContext<H extends object = Record<string, string>>(
  headers: H = {} as H,
  options?: InjectHttpOptions,
): H {
  const where = 'injectHttpContext';
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) {
    throw wrongArgument(where, 'an object of headers', headers);
  }
  const { variables } = optionsOf(where, options) ?? {};
  requirePortables(where, variables);
  if (currentUnit() === undefined) return headers;
  const carrier: HeaderCarrier = headersOf(headers);
  const before = carrier.get('baggage');
  const baggage = mergeBaggage(before, portableEntries(variables));
  for (const [name, value] of idHeaders()) carrier.set(name, value);
  if (baggage !== undefined && baggage !== before) carrier.set('baggage', baggage);
  return headers;
}
