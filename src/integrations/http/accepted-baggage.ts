import { type Context, type ContextVar, currentUnit } from '../../core/index.js';
import { type CarrierEntry, decodeEntries, requireFunction, wrongArgument } from '../../core/internal.js';
import { type BaggageRefusal, readBaggage } from './baggage.js';
import { textOf } from './header-carrier.js';
import { httpChannels } from './http-diagnostics.js';
import { isId, requirePortable } from './portable-entries.js';

/** What is read of a request: Node's own, or anything with headers by names in lower case. */
export interface HttpRequestLike {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** A variable that is taken from the `baggage` of some peers. */
export interface AcceptedVariable<R extends HttpRequestLike = HttpRequestLike> {
  readonly variable: ContextVar<unknown>;
  /**
   * Whether this request comes from a peer that may say what the variable is: by its certificate, its address, a
   * secret that it shows. It must give `true`: a promise is a no. What it throws goes to the caller.
   */
  readonly from: (request: R) => boolean;
}

export interface AcceptedBaggage {
  /** The accepted variables that were there, and the ids. */
  readonly context: Context;
  /** Why the whole `baggage` was refused; undefined where it was not, and where it was not looked at. */
  readonly refused: BaggageRefusal | undefined;
}

/**
 * Reads the variables that this peer may set, beside `ids`. Where there is none of them, nothing is read at all.
 *
 * @throws TypeError; ContextError `ERR_NOT_PORTABLE` where a variable can never cross.
 */
export function acceptedBaggage<R extends HttpRequestLike>(
  where: string,
  request: R,
  accepted: readonly AcceptedVariable<R>[],
  ids: readonly CarrierEntry[] = [],
): AcceptedBaggage {
  const header = textOf(requireHeaders(where, request).baggage);
  const trusted = trustedVariables(where, request, accepted);
  const entries = trusted.size === 0 || header === undefined ? [] : readBaggage(header);
  const refused = typeof entries === 'string' ? entries : undefined;
  const taken = typeof entries === 'string' ? [] : entries.filter(([name]) => trusted.has(name));
  try {
    const context = decodeEntries([...ids, ...taken], (variable) => isTaken(variable, trusted));
    return { context, refused: refused && report(refused) };
  } catch {
    // Without the error: it comes from what anyone may have sent.
    return { context: decodeEntries(ids), refused: report('codec') };
  }
}

/** An id is only here as one of `ids`: no rule can name its variable. */
function isTaken(variable: ContextVar<unknown>, trusted: ReadonlyMap<string, unknown>): boolean {
  return trusted.get(variable.name) === variable || isId(variable);
}

function report(reason: BaggageRefusal): BaggageRefusal {
  if (httpChannels.refused.hasSubscribers) httpChannels.refused.publish({ unit: currentUnit(), reason });
  return reason;
}

function trustedVariables<R extends HttpRequestLike>(
  where: string,
  request: R,
  accepted: readonly AcceptedVariable<R>[],
): ReadonlyMap<string, unknown> {
  if (!Array.isArray(accepted)) throw wrongArgument(where, 'an array of accepted variables', accepted);
  const trusted = new Map<string, unknown>();
  for (const rule of accepted as readonly AcceptedVariable<R>[]) {
    requirePortable(where, rule?.variable);
    requireFunction(`${where}: from of ${rule.variable}`, rule.from);
    if (rule.from(request) === true) trusted.set(rule.variable.name, rule.variable);
  }
  return trusted;
}

export function requireHeaders(where: string, request: HttpRequestLike): HttpRequestLike['headers'] {
  const headers: unknown = request?.headers;
  if (typeof headers !== 'object' || headers === null || typeof (headers as Headers).get === 'function') {
    throw wrongArgument(where, "a request with headers as Node's http module has them", request);
  }
  return headers as HttpRequestLike['headers'];
}
