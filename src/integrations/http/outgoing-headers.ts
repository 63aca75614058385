import type { ContextVar } from '../../core/index.js';
import { ContextError, currentCorrelationId, currentRequestId, currentUnit } from '../../core/index.js';
import { ID_PATTERN, optionsOf, portableVariables } from '../../core/internal.js';
import { httpChannels } from './http-diagnostics.js';
import { mergeBaggage } from './merge-baggage.js';
import { type OriginCheck, originCheck } from './origins.js';
import { portableEntries, requirePortables } from './portable-entries.js';

export interface OutgoingOptions {
  /**
   * The origins that get the context, and no other ever does: `https://api.example.com`, with the port where it is
   * not the default one. Compared exactly: a subdomain is another origin.
   */
  readonly origins: readonly (string | URL)[];
  /** The variables that are sent, where they are set. Default: every variable that has a codec. */
  readonly variables?: readonly ContextVar<unknown>[];
}

/** What a request has of a header, by its name in lower case. */
export type PresentHeader = (name: string) => string | undefined;
export type HeaderPair = readonly [name: string, value: string];

/** The ids of the running unit of work, as headers; none outside any. */
export function idHeaders(): HeaderPair[] {
  const ids: [string, string | undefined][] = [
    ['x-request-id', currentRequestId()],
    ['x-correlation-id', currentCorrelationId()],
  ];
  // The id of a unit of work may be any string, one that ends the header too.
  return ids.filter((pair): pair is [string, string] => pair[1] !== undefined && ID_PATTERN.test(pair[1]));
}

/** What requests get that the application makes on its own, not knowing of us: they neither fail nor change. */
export class OutgoingHeaders {
  /** Whether requests to this URL get the context. */
  readonly allows: OriginCheck;
  readonly #variables: readonly ContextVar<unknown>[] | undefined;

  /** @throws TypeError; ContextError `ERR_NOT_PORTABLE` where a variable can never cross. */
  constructor(where: string, options: OutgoingOptions) {
    const { origins, variables } = optionsOf(where, options) ?? {};
    this.allows = originCheck(where, origins);
    requirePortables(where, variables);
    this.#variables = variables && [...variables];
  }

  /**
   * The headers to set for the current context. The ids that the caller has set stay, and the entries of baggage that are none
   * of our variables: one that is may have come in with an anonymous request, and been passed on.
   */
  for(present: PresentHeader): HeaderPair[] {
    if (currentUnit() === undefined) return [];
    const headers = idHeaders().filter(([name]) => present(name) === undefined);
    const before = present('baggage');
    const baggage = this.#baggage(before);
    if (baggage !== undefined && baggage !== before) headers.push(['baggage', baggage]);
    return headers;
  }

  /** Of what is sent where it is set. Where it is not, nobody else says it either. */
  #names(): readonly string[] {
    if (this.#variables !== undefined) return this.#variables.map(({ name }) => name);
    return portableVariables().map(({ name }) => name);
  }

  #baggage(before: string | undefined): string | undefined {
    try {
      return mergeBaggage(before, portableEntries(this.#variables), this.#names());
    } catch (error) {
      reportLeftOut(error);
      return before;
    }
  }
}

const warned = new Set<string>();

/** Once for each variable: it is a mistake in the application, and would be in each of its requests. */
function reportLeftOut(error: unknown): void {
  if (httpChannels.leftOut.hasSubscribers) httpChannels.leftOut.publish({ unit: currentUnit(), error });
  const reason = error instanceof ContextError ? error.message : 'The context cannot be written.';
  const key = reason.replace(/\d+/g, '');
  if (warned.has(key)) return;
  warned.add(key);
  process.emitWarning(`Outgoing requests go without variables: ${reason}`, {
    type: 'ContextWarning',
    code: 'WARN_BAGGAGE_LEFT_OUT',
  });
}
