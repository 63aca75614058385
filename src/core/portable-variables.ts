import { ContextError } from './context-error.js';
import type { ContextVar } from './context-var.js';
import { isReloaded, type MadeAt, madeAt, madeWhere } from './made-at.js';

/** A variable that has a codec. Held weakly: a carrier is no reason to keep it. */
export interface Portable {
  readonly name: string;
  readonly ref: WeakRef<ContextVar<unknown>>;
  readonly made: MadeAt;
  /** Its module was loaded again, and has made another one. What this one holds has nowhere to go. */
  readonly superseded: boolean;
}

/** In the order of their names, which is the order in a carrier. Replaced as a whole. */
let portables: readonly Portable[] = [];
/** Without those that are superseded. */
let byName: ReadonlyMap<string, Portable> = new Map();

// Could become a key of an object in someone else's hands.
const RESERVED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Makes a variable findable by its name. A name that another one has is an error, unless the new one comes from the
 * same module, loaded again (hot reload, a test runner): then it takes the place of the old one.
 */
export function registerPortable(variable: ContextVar<unknown>, madeBy: typeof ContextVar): void {
  const { name } = variable;
  if (RESERVED.has(name)) throw new TypeError(`${variable}: this name cannot be that of a portable variable`);
  const made = madeAt(name, madeBy);
  const kept: Portable[] = [];
  for (const other of portables) {
    if (other.ref.deref() === undefined) continue;
    if (other.name === name && !isReloaded(other.made, made)) throw taken(name, other.made);
    kept.push(other.name === name ? { ...other, superseded: true } : other);
  }
  kept.push({ name, ref: new WeakRef(variable), made, superseded: false });
  portables = kept.sort((a, b) => (a.name === b.name ? 0 : a.name < b.name ? -1 : 1));
  byName = new Map(portables.filter((one) => !one.superseded).map((one) => [one.name, one]));
}

function taken(name: string, made: MadeAt): ContextError {
  return new ContextError(
    'ERR_DUPLICATE_NAME',
    `A portable ContextVar '${name}' exists already${madeWhere(made)}, and a carrier could not tell the two apart; ` +
      'give one of them another name, or make it once and import it.',
  );
}

/** All that were made, in the order of their names; some of them may be gone. */
export function portableVariables(): readonly Portable[] {
  return portables;
}

/** The variable of that name; undefined where this process has none, or nobody holds it any more. */
export function portableNamed(name: string): ContextVar<unknown> | undefined {
  return byName.get(name)?.ref.deref();
}
