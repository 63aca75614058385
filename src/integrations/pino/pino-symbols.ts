// What pino keeps on its loggers, under symbols. Each copy of pino has its own, so they are found by their descriptions,
// which are the same in pino 9 and 10; pino-http reads some of them too.
const NAMES = [
  'chindings',
  'errorKey',
  'lsCache',
  'messageKey',
  'mixin',
  'nestedKey',
  'serializers',
  'stringifiers',
  'time',
] as const;

type Name = (typeof NAMES)[number];
export type PinoSymbols = Readonly<Record<Name, symbol>>;

/** One per copy of pino. */
const known: PinoSymbols[] = [];

/** Undefined where the object is no logger of a pino that is known. */
export function symbolsOf(logger: object): PinoSymbols | undefined {
  for (const symbols of known) if (symbols.chindings in logger) return symbols;
  const found = new Map<string | undefined, symbol>();
  for (let at: object | null = logger; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    for (const symbol of Object.getOwnPropertySymbols(at)) found.set(symbol.description, symbol);
  }
  const symbols: Partial<Record<Name, symbol>> = {};
  for (const name of NAMES) {
    const symbol = found.get(`pino.${name}`);
    if (symbol === undefined) return undefined;
    symbols[name] = symbol;
  }
  known.push(symbols as PinoSymbols);
  return symbols as PinoSymbols;
}

export function read<T>(logger: object, symbol: symbol): T {
  return (logger as Record<symbol, T>)[symbol] as T;
}
