import { wrongArgument } from './arguments.js';
import { ContextError } from './context-error.js';
import type { Frame } from './frame.js';
import { toLogKey } from './log-key.js';
import { isSmall, type Small, VALUE_LIMIT } from './log-text.js';
import { type LogValue, toLogValue } from './log-value.js';
import { isReloaded, type MadeAt, madeAt, madeWhere } from './made-at.js';
import { reportError } from './report-error.js';
import { type Bindable, CAPTURED, type Slot } from './slot.js';

export interface LogOptions<T> {
  /** Under which log records have the value. */
  readonly key: string;
  /** What of the value they have; called once for each object, and to be fast. Default: the value itself. */
  readonly format?: (value: T) => unknown;
}

/** A ContextVar or ScopedValue, as far as it is needed here. */
interface Declarable extends Bindable {
  readonly index: number;
}

type Format = (value: unknown) => unknown;

/** The `format` of each: with its variable it goes, though it may well refer to that. */
const formats = new WeakMap<Declarable, Format>();

/** A value that a `format` gave nothing for. */
const NOTHING = Symbol('nothing');

/** So short that it is within the limit whatever it consists of. */
const SHORT = Math.floor(VALUE_LIMIT / 3);

/** A variable that appears in logs. Holds no variable and no value of a user: it lasts as long as the process. */
export class Declared {
  readonly key: string;
  readonly made: MadeAt;
  readonly #index: number;
  readonly #scoped: boolean;
  readonly #formatted: boolean;
  readonly #ref: WeakRef<Declarable>;
  /** The safe copies of objects, each for as long as its object lives. */
  #copies = new WeakMap<object, LogValue | typeof NOTHING>();
  #orElse: ((frame: Frame) => LogValue) | undefined;
  /** The same for the last value that is no object. */
  #last: Small;
  #lastCopy: LogValue | undefined;
  #failed = false;
  #busy = false;

  constructor(variable: Declarable, key: string, format: Format | undefined, made: MadeAt) {
    this.key = key;
    this.made = made;
    this.#index = variable.index;
    this.#scoped = variable.scoped;
    this.#formatted = format !== undefined;
    this.#ref = new WeakRef(variable);
    if (format !== undefined) formats.set(variable, format);
  }

  get variable(): Declarable | undefined {
    return this.#ref.deref();
  }

  /** What stands in for a value where there is none. */
  set orElse(orElse: (frame: Frame) => LogValue) {
    this.#orElse = orElse;
  }

  /** What a record at `frame` has of it; undefined for nothing. Never throws, also not for a ScopedValue that has ended. */
  at(frame: Frame): LogValue | undefined {
    const value = this.#valueAt(frame);
    if (value === undefined) return this.#orElse?.(frame);
    if (!this.#formatted && typeof value === 'string' && value.length <= SHORT) return value;
    return this.#safe(value);
  }

  #valueAt(frame: Frame): unknown {
    const slot = frame.slot === undefined ? undefined : this.#slotAt(frame);
    if (slot === undefined) return frame.cell.read(this.#index);
    const value = slot.read();
    return slot.lease.ended || value === CAPTURED ? undefined : value;
  }

  /** Of a ScopedValue the innermost, in force or not; of a ContextVar the innermost that is in force. */
  #slotAt(frame: Frame): Slot | undefined {
    for (let at: Frame | undefined = frame; at?.slot !== undefined; at = at.outer) {
      const { slot } = at;
      // By its place, which no other variable has or will have: a WeakRef costs more to read than all the rest.
      if ((slot.variable as Partial<Declarable>).index !== this.#index) continue;
      if (this.#scoped || !slot.lease.ended) return slot;
    }
    return undefined;
  }

  #safe(value: unknown): LogValue | undefined {
    if (typeof value !== 'object' || value === null) return this.#safePrimitive(value);
    let copy = this.#copies.get(value);
    if (copy === undefined) {
      copy = this.#copy(value) ?? NOTHING;
      this.#copies.set(value, copy);
    }
    return copy === NOTHING ? undefined : (copy as LogValue);
  }

  #safePrimitive(value: unknown): LogValue | undefined {
    if (!isSmall(value)) return this.#copy(value);
    if (value !== this.#last) {
      this.#lastCopy = this.#copy(value);
      this.#last = value;
    }
    return this.#lastCopy;
  }

  #copy(value: unknown): LogValue | undefined {
    if (!this.#formatted) return toLogValue(value);
    // A `format` that logs, or whose error is logged: such a line goes without this field.
    if (this.#busy) return undefined;
    this.#busy = true;
    try {
      const variable = this.#ref.deref();
      const formatted = variable && formats.get(variable)?.(value);
      return formatted === undefined ? undefined : toLogValue(formatted);
    } catch (error) {
      if (!this.#failed) {
        this.#failed = true;
        reportError(error, `in the log format of the key '${this.key}'`);
      }
      return undefined;
    } finally {
      this.#busy = false;
    }
  }
}

let declared: readonly Declared[] = [];

/** All that were declared, in that order. Replaced as a whole. */
export function declaredVariables(): readonly Declared[] {
  return declared;
}

const gone = new FinalizationRegistry<Declared>((one) => {
  declared = declared.filter((other) => other !== one);
});

/** Checked options, and where the variable that has them was made. */
export interface Declaration {
  readonly key: string;
  readonly format: Format | undefined;
  readonly made: MadeAt;
}

/**
 * Reads the option `log` of a variable.
 *
 * @throws TypeError where it has the wrong type, or the variable is secret; ContextError `ERR_DUPLICATE_NAME` where
 * another living variable has the key, unless it is the same one of a module that was loaded again.
 */
export function readDeclaration(
  where: string,
  { log, secret, name }: { readonly log: unknown; readonly secret: boolean; readonly name: string },
  madeBy: abstract new (...args: never[]) => unknown,
): Declaration | undefined {
  if (log === undefined) return undefined;
  const { key, format } = (typeof log === 'object' && log !== null ? log : { key: log }) as Partial<
    LogOptions<unknown>
  >;
  if (typeof key !== 'string' || key === '') throw wrongArgument(where, 'a non-empty string as log key', key);
  if (format !== undefined && typeof format !== 'function')
    throw wrongArgument(where, 'a function as log format', format);
  if (secret) throw new TypeError(`${where}: a secret does not appear in logs; declare it without log`);
  const safe = toLogKey(key);
  const made = madeAt(name, madeBy);
  for (const other of declared) {
    const { variable } = other;
    if (other.key === safe && variable !== undefined && !isReloaded(other.made, made))
      throw taken(safe, variable.name, other.made);
  }
  return { key: safe, format, made };
}

/** Has the variable appear in logs from now on; in place of one that had its key. */
export function declare(variable: Declarable, { key, format, made }: Declaration): void {
  const one = new Declared(variable, key, format, made);
  const at = declared.findIndex((other) => other.key === key);
  declared = at === -1 ? [...declared, one] : declared.with(at, one);
  gone.register(variable, one);
}

/** What records have under the key of a variable where it is unset. */
export function logWhereUnset(variable: Declarable, orElse: (frame: Frame) => LogValue): void {
  const one = declared.find((other) => other.variable === variable);
  if (one !== undefined) one.orElse = orElse;
}

function taken(key: string, name: string, made: MadeAt): ContextError {
  return new ContextError(
    'ERR_DUPLICATE_NAME',
    `The log key '${key}' is that of '${name}' already${madeWhere(made)}, and a record could not have both; give one ` +
      'of them another key, or make the variable once and import it.',
  );
}
