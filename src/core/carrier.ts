import { optionsOf, wrongArgument } from './arguments.js';
import { type CarrierEntry, decodeEntries, encodeEntries, notPortable } from './carrier-entries.js';
import { refused } from './carrier-refused.js';
import {
  type CarrierSignOptions,
  type CarrierVerifyOptions,
  requireVerifyOptions,
  sealOf,
  signatureOf,
  verifyCarrier,
} from './carrier-signature.js';
import { MAX_CARRIER_BYTES, readCarrier, textOfEntry, withSignature, writeCarrier } from './carrier-text.js';
import { type Context, cellOf } from './context.js';
import { ContextError } from './context-error.js';
import { ContextVar } from './context-var.js';
import { foreignEntries, takeForeignEntries } from './foreign-carrier.js';
import { correlationId, requestId } from './ids.js';
import { ScopedValue } from './scoped-value.js';

/** The one key of a carrier that is ours. Lower case, as HTTP and gRPC want it. */
export const CARRIER_KEY = 'contextvars';

export interface InjectOptions {
  /** What is written. Default: the current Context. */
  readonly context?: Context;
  /** Variables that have to cross: `ERR_NOT_PORTABLE` where one has no codec or no value. Default: none. */
  readonly required?: readonly ContextVar<unknown>[];
  /** Signs the carrier, for one that rests where others can write: a queue. Default: not signed. */
  readonly sign?: CarrierSignOptions;
}

export interface ExtractOptions {
  /**
   * Takes the variables one by one: those for which it gives `true`. Called before the value is looked at. Default:
   * every variable that this process knows.
   */
  readonly accept?: (variable: ContextVar<unknown>) => boolean;
  /**
   * Whether the request id, the correlation id and the trace are taken, for which `accept` is not asked. Default: true.
   */
  readonly acceptIds?: boolean;
  /** Variables that have to be there: `ERR_INVALID_CARRIER` where one is not. Default: none. */
  readonly required?: readonly ContextVar<unknown>[];
  /**
   * Takes only what one of these keys has signed. Default: a signature is not looked at, and a carrier good whether it
   * has one or not.
   */
  readonly verify?: CarrierVerifyOptions;
}

/**
 * Writes the portable variables that are set here into `carrier`, under its one key `contextvars`: what a capture
 * would take along, in at most 4096 bytes of ASCII. With `nestjs-contextvars/opentelemetry` the active span too. Replaces that key, leaves every other alone, and gives `carrier`
 * back. Where nothing is set, and outside any context, there is nothing under it.
 *
 * @throws ContextError `ERR_NOT_PORTABLE` where a codec cannot write a value or a required variable cannot cross;
 * `ERR_INVALID_CARRIER` where the text would be larger than 4096 bytes. Neither changes `carrier`.
 *
 * @example
 * await queue.add('invoice', { order: 17, context: injectContext() });
 */
export function injectContext(
  carrier: Record<string, string> = {},
  options?: InjectOptions,
): Record<string, string> {
  const where = 'injectContext';
  if (typeof carrier !== 'object' || carrier === null)
    throw wrongArgument(where, 'an object as carrier', carrier);
  const { context, required, sign } = optionsOf(where, options) ?? {};
  if (context !== undefined) cellOf(where, context);
  if (required !== undefined) requirePortable(where, required);
  const seal = sign === undefined ? undefined : sealOf(where, sign);
  const own = encodeEntries(context);
  if (required !== undefined) requireWritten(required, own);
  const foreign = foreignEntries(context);
  const entries = inOrder(own, foreign);
  if (entries.length === 0) {
    // An empty text would say the same, and cost every message that has no context a header.
    delete carrier[CARRIER_KEY];
    return carrier;
  }
  const write = (said: readonly CarrierEntry[]): string => {
    const claims = writeCarrier({ entries: said, seal });
    return sign === undefined ? claims : withSignature(claims, signatureOf(claims, sign.key));
  };
  let text = write(entries);
  // A trace is no reason for a message not to be sent.
  if (text.length > MAX_CARRIER_BYTES && foreign.length > 0) text = write(own);
  if (text.length > MAX_CARRIER_BYTES) throw tooLarge(text.length, own);
  carrier[CARRIER_KEY] = text;
  return carrier;
}

/** In the order of their names. */
function inOrder(own: readonly CarrierEntry[], foreign: readonly CarrierEntry[]): readonly CarrierEntry[] {
  if (foreign.length === 0) return own;
  return [...own, ...foreign].sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * A new Context of what a carrier from outside holds; empty where it has none. It belongs to no unit of work yet:
 * `runUnitOfWork({ kind, context }, fn)` begins one in it. A variable that this process does not know is left out.
 *
 * @throws ContextError `ERR_INVALID_CARRIER` where anything is wrong with it; nothing of it is applied then, and
 * nothing of it but known names is in the message.
 *
 * @example
 * const context = extractContext(job.data.context);
 * await runUnitOfWork({ kind: 'invoice', context }, () => sendInvoice(job.data.order));
 */
export function extractContext(
  carrier: Readonly<Record<string, unknown>>,
  options?: ExtractOptions,
): Context {
  const where = 'extractContext';
  const { accept, acceptIds = true, required, verify } = optionsOf(where, options) ?? {};
  if (accept !== undefined && typeof accept !== 'function')
    throw wrongArgument(where, 'a function as accept', accept);
  if (typeof acceptIds !== 'boolean') throw wrongArgument(where, 'a boolean as acceptIds', acceptIds);
  if (required !== undefined) requirePortable(where, required);
  if (verify !== undefined) requireVerifyOptions(where, verify);
  if (typeof carrier !== 'object' || carrier === null) throw refused('it is not an object');
  const text = Object.hasOwn(carrier, CARRIER_KEY) ? carrier[CARRIER_KEY] : undefined;
  const entries = text === undefined ? [] : entriesOf(where, text, verify);
  const context = decodeEntries(entries, (variable) =>
    isId(variable) ? acceptIds : accept === undefined || accept(variable) === true,
  );
  if (acceptIds) takeForeignEntries(context, entries);
  for (const variable of required ?? []) {
    if (!context.has(variable)) throw refused(`it has no ContextVar '${variable.name}', which is required`);
  }
  return context;
}

function isId(variable: ContextVar<unknown>): boolean {
  return variable === requestId || variable === correlationId;
}

function entriesOf(
  where: string,
  text: unknown,
  verify: CarrierVerifyOptions | undefined,
): readonly CarrierEntry[] {
  const read = readCarrier(text);
  if (verify !== undefined) verifyCarrier(where, read, verify);
  return read.entries;
}

/** @throws TypeError where one is no variable; ContextError `ERR_NOT_PORTABLE` where one can never cross. */
function requirePortable(where: string, required: readonly unknown[]): void {
  if (!Array.isArray(required)) throw wrongArgument(where, 'an array as required', required);
  for (const variable of required as unknown[]) {
    if (variable instanceof ScopedValue)
      throw notPortable(`${variable}`, 'is required and never leaves the process');
    if (!(variable instanceof ContextVar)) throw wrongArgument(where, 'ContextVars as required', variable);
    if (variable.codec === undefined) throw notPortable(`${variable}`, 'is required and has no codec');
  }
}

function requireWritten(required: readonly ContextVar<unknown>[], entries: readonly CarrierEntry[]): void {
  for (const variable of required) {
    if (!entries.some(([name]) => name === variable.name)) {
      throw notPortable(`${variable}`, 'is required and has no value here');
    }
  }
}

function tooLarge(bytes: number, entries: readonly CarrierEntry[]): ContextError {
  const sizes = entries.map((entry) => [entry[0], textOfEntry(entry).length] as const);
  const [name, size] = sizes.reduce((a, b) => (b[1] > a[1] ? b : a));
  return new ContextError(
    'ERR_INVALID_CARRIER',
    `The carrier would have ${bytes} bytes, of which ContextVar '${name}' takes ${size}, and may have ${MAX_CARRIER_BYTES}; ` +
      'carry an id in place of the thing itself.',
  );
}
