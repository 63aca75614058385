import type { LogValue } from '../../core/index.js';
import { PinoLine } from './pino-line.js';
import { read, symbolsOf } from './pino-symbols.js';
import { thawed } from './thawed.js';
import { withoutControls } from './without-controls.js';

type LogRecord = Readonly<Record<string, LogValue>>;
type Fields = Record<string, unknown>;

const NO_BINDINGS = Symbol('no bindings');
const KNOWN_NAMES = 128;
const REFUSED = '[not shown: the serializer of this name throws]';

/** Records as the lines of all loggers have them where no name is taken. */
const safeRecords = new WeakMap<LogRecord, Readonly<Fields>>();

/** The fields of the context as the lines of one logger have them. */
export class LineFields {
  readonly #line: PinoLine;
  readonly #bindingsKey: symbol;
  readonly #bindings: unknown;
  /** By the name of a field: whether pino does with it what it does with any. */
  readonly #usual = new Map<string, boolean>();
  /** Most often the next line is written where the last one was, and has the same. */
  #last: LogRecord | undefined;
  #fields: Readonly<Fields> = {};

  constructor(logger: object) {
    this.#line = new PinoLine(logger);
    this.#bindingsKey = symbolsOf(logger)?.chindings ?? NO_BINDINGS;
    this.#bindings = read(logger, this.#bindingsKey);
  }

  /** Whether the logger has the bindings that it had: `setBindings` adds to them. */
  isFor(logger: object): boolean {
    return read(logger, this.#bindingsKey) === this.#bindings;
  }

  /** A new object: pino writes what is passed by hand into it. */
  of(record: LogRecord): Fields {
    if (record !== this.#last) {
      this.#fields = this.#areUsual(record) ? safeRecord(record) : this.#arranged(record);
      this.#last = record;
    }
    return { ...this.#fields };
  }

  #areUsual(record: LogRecord): boolean {
    for (const name in record) {
      let usual = this.#usual.get(name);
      if (usual === undefined) {
        usual = !this.#line.isTaken(name) && !this.#line.serializes(name);
        // Names may be made up at run time.
        if (this.#usual.size === KNOWN_NAMES) this.#usual.clear();
        this.#usual.set(name, usual);
      }
      if (!usual) return false;
    }
    return true;
  }

  #arranged(record: LogRecord): Fields {
    const fields: Fields = {};
    for (const key in record) {
      const { name, shown } = this.#field(key, record[key] as LogValue);
      if (shown !== undefined) fields[name ?? this.#freeName(key, record, fields)] = withoutControls(shown);
    }
    return fields;
  }

  /** How a field is shown, undefined for not at all, and under which name; undefined for another one than its own. */
  #field(key: string, value: LogValue): { readonly name: string | undefined; readonly shown: unknown } {
    const line = this.#line;
    const isTaken = line.isTaken(key);
    try {
      if (!isTaken && !line.serializes(key)) return { name: key, shown: value };
      // Asked for a name that is free too: what throws here would throw out of the call that logs.
      const written = withoutControls(line.written(key, thawed(value)));
      if (!isTaken) return { name: key, shown: thawed(value) };
      return { name: undefined, shown: line.says(key, written) ? undefined : written };
    } catch {
      return { name: undefined, shown: REFUSED };
    }
  }

  #freeName(key: string, record: LogRecord, fields: Fields): string {
    let name = `${key}_`;
    while (this.#line.isTaken(name) || name in record || name in fields) name += '_';
    return name;
  }
}

function safeRecord(record: LogRecord): Readonly<Fields> {
  let safe = safeRecords.get(record);
  if (safe === undefined) {
    const fields: Fields = {};
    for (const key in record) fields[key] = withoutControls(record[key]);
    safe = fields;
    safeRecords.set(record, safe);
  }
  return safe;
}

const known = new WeakMap<object, LineFields>();
const noLogger: object = Object.freeze({});

/** For the lines of a logger as it is now. */
export function lineFields(logger: object = noLogger): LineFields {
  let fields = known.get(logger);
  if (fields?.isFor(logger) !== true) {
    fields = new LineFields(logger);
    known.set(logger, fields);
  }
  return fields;
}
