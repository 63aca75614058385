import { membersOf } from './json-members.js';
import { type PinoSymbols, read } from './pino-symbols.js';

/** What all lines of a logger and its children have in common. */
export interface PinoFormat {
  /** Whether fields have an object of their own in the line. */
  readonly isNested: boolean;
  /** Under which pino writes something else than a field where the fields are. */
  readonly names: ReadonlySet<unknown>;
}

/** By the levels, of which a child has its own where it has others than its parent. */
const known = new WeakMap<object, PinoFormat>();

export function pinoFormat(logger: object, symbols: PinoSymbols): PinoFormat {
  const levels = read<Readonly<Record<string, string>>>(logger, symbols.lsCache);
  let format = known.get(levels);
  if (format === undefined) {
    format = formatOf(logger, symbols, Object.values(levels));
    known.set(levels, format);
  }
  return format;
}

function formatOf(logger: object, symbols: PinoSymbols, levels: readonly string[]): PinoFormat {
  const errorKey = read(logger, symbols.errorKey);
  if (read(logger, symbols.nestedKey)) return { isNested: true, names: new Set([errorKey]) };
  // Each begins with a bracket or a comma.
  const head = [...levels, read<() => string>(logger, symbols.time)()].map((part) => part.slice(1));
  const names = membersOf(head.filter(Boolean).join()).keys();
  return { isNested: false, names: new Set([errorKey, read(logger, symbols.messageKey), ...names]) };
}
