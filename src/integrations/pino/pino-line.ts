import { mayHave, membersOf } from './json-members.js';
import { pinoFormat } from './pino-format.js';
import { read, symbolsOf } from './pino-symbols.js';

/** By the name of the field; a redaction gives JSON, or undefined where the value is to be removed. */
type Treatments<R> = Readonly<Record<string, (value: unknown) => R>>;

/** What a logger writes by itself that is not known as one of pino's. */
const USUAL: ReadonlySet<unknown> = new Set(['level', 'time', 'pid', 'hostname', 'name', 'msg', 'err']);
const NONE = {};

/** The lines of one logger: which names pino itself gives out in them, and what it does to fields. */
export class PinoLine {
  readonly #names: ReadonlySet<unknown>;
  /** As JSON. */
  readonly #bindings: string;
  #bound: ReadonlyMap<string, unknown> | undefined;
  readonly #serializers: Treatments<unknown>;
  readonly #redactions: Treatments<string | undefined>;

  constructor(logger: object) {
    const symbols = symbolsOf(logger);
    const format = symbols && pinoFormat(logger, symbols);
    this.#names = format?.names ?? USUAL;
    this.#bindings = format?.isNested === false ? read(logger, symbols?.chindings as symbol) : '';
    this.#serializers = symbols === undefined ? NONE : read(logger, symbols.serializers);
    this.#redactions = symbols === undefined ? NONE : read(logger, symbols.stringifiers);
  }

  /** Whether a field cannot have this name: of two values under one name, every reader takes another one. */
  isTaken(name: string): boolean {
    // Pino up to 10.3 takes what every object has under such a name for a serializer.
    return this.#names.has(name) || name in Object.prototype || this.#isBound(name);
  }

  /** Whether the line says this value under this name by a binding. */
  says(name: string, value: unknown): boolean {
    return this.#isBound(name) && this.#bound?.get(name) === value;
  }

  /** Whether fields of this name are written by a serializer. */
  serializes(name: string): boolean {
    return Object.hasOwn(this.#serializers, name);
  }

  /** What pino would write for a field of this name; undefined for nothing. Throws what a serializer throws. */
  written(name: string, value: unknown): unknown {
    const serialized = this.serializes(name) ? this.#serializers[name]?.(value) : value;
    if (serialized === undefined || !Object.hasOwn(this.#redactions, name)) return serialized;
    const json = this.#redactions[name]?.(serialized);
    return json === undefined ? undefined : JSON.parse(json);
  }

  #isBound(name: string): boolean {
    if (!mayHave(this.#bindings, name)) return false;
    // It begins with a comma.
    this.#bound ??= membersOf(this.#bindings.slice(1));
    return this.#bound.has(name);
  }
}
