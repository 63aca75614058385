import { requireFunction, requireName, wrongArgument } from './arguments.js';
import { LEVEL_LIMIT } from './log-value.js';
import { reportError } from './report-error.js';

/** Fields that log records have from somewhere else: a tracer, the process. */
export interface LogFieldSource {
  /** Names the source. Registering a name again replaces what was registered under it. */
  readonly name: string;
  /** The fields of this moment; called for every record, and to be fast. Undefined for none. */
  readonly fields: () => Readonly<Record<string, unknown>> | undefined;
}

/** Keys and values of sources, alternating. */
export type Given = readonly unknown[];

const NOTHING: Given = [];

class Source {
  readonly name: string;
  readonly #source: LogFieldSource;
  #failed = false;
  #busy = false;

  constructor(source: LogFieldSource) {
    this.name = source.name;
    this.#source = source;
  }

  /** Never throws. */
  read(): Given {
    // A source that logs, or whose error is logged: such a line goes without its fields.
    if (this.#busy) return NOTHING;
    this.#busy = true;
    try {
      const fields = this.#source.fields();
      return fields === undefined ? NOTHING : this.#entriesOf(fields);
    } catch (error) {
      if (!this.#failed) {
        this.#failed = true;
        reportError(error, `in the log fields of '${this.name}'`);
      }
      return NOTHING;
    } finally {
      this.#busy = false;
    }
  }

  #entriesOf(fields: Readonly<Record<string, unknown>>): Given {
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
      throw wrongArgument(`registerLogFields '${this.name}'`, 'an object of fields', fields);
    }
    const keys = Object.keys(fields);
    const given: unknown[] = [];
    for (let i = 0; i < keys.length && i < LEVEL_LIMIT; i++) {
      const key = keys[i] as string;
      given.push(key, fields[key]);
    }
    return given;
  }
}

/** Replaced as a whole. */
let sources: readonly Source[] = [];

/** What all of them give now, in the order of their registration. */
export function readSources(): Given {
  if (sources.length === 0) return NOTHING;
  if (sources.length === 1) return (sources[0] as Source).read();
  return sources.flatMap((source) => source.read());
}

/**
 * Adds fields from elsewhere to every log record, outside any context too. Process-wide; meant for integrations, at
 * module level. An error of `fields` is reported once, and the record goes without its fields.
 *
 * @returns a function that takes the source back.
 * @throws TypeError where `source` has no name or no function.
 *
 * @example
 * registerLogFields({ name: 'process', fields: () => ({ service: 'orders' }) });
 */
export function registerLogFields(source: LogFieldSource): () => void {
  const where = 'registerLogFields';
  if (typeof source !== 'object' || source === null) throw wrongArgument(where, 'a source of fields', source);
  requireName(where, source.name);
  requireFunction(where, source.fields);
  const own = new Source(source);
  const at = sources.findIndex((other) => other.name === own.name);
  sources = at === -1 ? [...sources, own] : sources.with(at, own);
  return () => {
    sources = sources.filter((other) => other !== own);
  };
}
