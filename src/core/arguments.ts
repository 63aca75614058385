/** A short description of a wrong argument that never prints its content: it may be a secret. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object' && typeof value !== 'function') return `a ${typeof value}`;
  if (typeof value === 'function') return 'a function';
  return isArray(value) ? 'an array' : 'an object of another class';
}

function isArray(value: object): boolean {
  try {
    return Array.isArray(value);
  } catch {
    // A proxy that was revoked: the error is to say what was expected in its place.
    return false;
  }
}

export function wrongArgument(where: string, expected: string, got: unknown): TypeError {
  return new TypeError(`${where}: expected ${expected}, got ${value(got)}`);
}

function value(got: unknown): string {
  return got === undefined ? 'undefined' : kindOf(got);
}

export function requireFunction(where: string, fn: unknown): void {
  if (typeof fn !== 'function') throw wrongArgument(where, 'a function', fn);
}

export function requireName(where: string, name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '') throw wrongArgument(where, 'a non-empty string as name', name);
}

export function optionsOf<T extends object>(where: string, options: T | undefined): T | undefined {
  if (options === undefined) return undefined;
  if (typeof options !== 'object' || options === null)
    throw wrongArgument(where, 'an options object', options);
  return options;
}

export function requireOptionalString(where: string, what: string, text: unknown): void {
  if (text !== undefined && (typeof text !== 'string' || text === '')) {
    throw wrongArgument(where, `a non-empty string as ${what}`, text);
  }
}
