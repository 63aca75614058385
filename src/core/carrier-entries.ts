import { refused } from './carrier-refused.js';
import { emptyCell } from './cell.js';
import type { Codec } from './codec.js';
import { CodecRefusal } from './codec-refusal.js';
import { type Context, contextOf } from './context.js';
import { ContextError } from './context-error.js';
import { boundAt, type ContextVar } from './context-var.js';
import { currentFrame } from './foreign-context.js';
import { portableNamed, portableVariables } from './portable-variables.js';
import { Token } from './token.js';

/** A variable's name and the text of its value. */
export type CarrierEntry = readonly [name: string, text: string];

/**
 * The portable variables that are set in `context`, or else in the current one, as a capture would see them; in the
 * order of their names.
 *
 * @throws ContextError `ERR_NOT_PORTABLE` where a codec cannot write a value.
 */
export function encodeEntries(context?: Context): CarrierEntry[] {
  const frame = context === undefined ? currentFrame() : undefined;
  const entries: CarrierEntry[] = [];
  if (context === undefined && frame === undefined) return entries;
  for (const { ref, superseded } of portableVariables()) {
    const variable = ref.deref();
    if (variable === undefined) continue;
    const value = context === undefined ? boundAt(variable, frame) : boundIn(context, variable);
    if (value === Token.MISSING) continue;
    if (superseded) throw notPortable(`${variable}`, 'was made anew since by a module that was loaded again');
    entries.push([variable.name, encode(variable, value)]);
  }
  return entries;
}

function boundIn(context: Context, variable: ContextVar<unknown>): unknown {
  return context.has(variable) ? context.get(variable) : Token.MISSING;
}

function encode(variable: ContextVar<unknown>, value: unknown): string {
  const { secret, codec } = variable;
  let text: unknown;
  try {
    text = (codec as Codec<unknown>).encode(value);
  } catch (error) {
    // A codec may print what it could not write.
    const options = secret ? undefined : { cause: error };
    throw notPortable(`${variable}`, `has a value that its codec cannot write${reasonOf(error)}`, options);
  }
  if (typeof text !== 'string') throw notPortable(`${variable}`, 'has a codec that gave no string');
  return text;
}

export function notPortable(variable: string, what: string, options?: ErrorOptions): ContextError {
  return new ContextError('ERR_NOT_PORTABLE', `${variable} ${what}; nothing was written.`, options);
}

/**
 * A new Context of the variables that `entries` name, that this process knows and that `accept` takes.
 *
 * @throws ContextError `ERR_INVALID_CARRIER` where a codec refuses a text.
 */
export function decodeEntries(
  entries: readonly CarrierEntry[],
  accept?: (variable: ContextVar<unknown>) => boolean,
): Context {
  const cell = emptyCell();
  for (const [name, text] of entries) {
    const variable = portableNamed(name);
    // Of a newer or older release of the other side: refusing it would stop every rolling deployment.
    if (variable === undefined) continue;
    if (accept !== undefined && accept(variable) !== true) continue;
    cell.write(variable.index, decode(variable, text));
  }
  return contextOf(cell);
}

function decode(variable: ContextVar<unknown>, text: string): unknown {
  try {
    return (variable.codec as Codec<unknown>).decode(text);
  } catch (error) {
    // Without the cause: it may print the text, which is anyone's.
    throw refused(`the codec of ContextVar '${variable.name}' did not write what is there${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof CodecRefusal ? ` (${error.message})` : '';
}
