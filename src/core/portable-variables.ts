import { ContextError } from './context-error.js';
import type { ContextVar } from './context-var.js';

/** A variable that has a codec. Held weakly: a carrier is no reason to keep it. */
export interface Portable {
  readonly name: string;
  readonly ref: WeakRef<ContextVar<unknown>>;
  readonly made: Made;
  /** Its module was loaded again, and has made another one. What this one holds has nowhere to go. */
  readonly superseded: boolean;
}

interface Made {
  /** Where in the source; undefined where the stack does not say. */
  readonly file: string | undefined;
  /** `:line:column` */
  readonly position: string | undefined;
  /** The same object for all that is made in one synchronous run, as modules are at start. */
  readonly run: object;
}

/** In the order of their names, which is the order in a carrier. Replaced as a whole. */
let portables: readonly Portable[] = [];
/** Without those that are superseded. */
let byName: ReadonlyMap<string, Portable> = new Map();

// Could become a key of an object in someone else's hands.
const RESERVED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** The variables of this library: made once in a process, and while it is imported, where a look at the stack takes long. */
const OWN = 'context.';
const NOWHERE = { file: undefined, position: undefined };

/**
 * Makes a variable findable by its name. A name that another one has is an error, unless the new one comes from the
 * same module, loaded again (hot reload, a test runner): then it takes the place of the old one.
 */
export function registerPortable(variable: ContextVar<unknown>, madeBy: typeof ContextVar): void {
  const { name } = variable;
  if (RESERVED.has(name)) throw new TypeError(`${variable}: this name cannot be that of a portable variable`);
  const place = name.startsWith(OWN) ? NOWHERE : placeOfCaller(madeBy);
  const made: Made = { ...place, run: currentRun() };
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

/** Not told by the position alone: a module is loaded again because it was edited. */
function isReloaded(old: Made, made: Made): boolean {
  return (
    made.file !== undefined &&
    made.file === old.file &&
    (made.position === old.position || made.run !== old.run)
  );
}

// `at name (file:1:2)` or `at file:1:2`; reloaders add a query to the file.
const PLACE = /(?:\(|at (?:async )?)([^()?]+)(?:\?[^():]*)?(:\d+:\d+)\)?$/;

/** Where the constructor was called. */
function placeOfCaller(madeBy: typeof ContextVar): Pick<Made, 'file' | 'position'> {
  const holder: { readonly stack?: unknown } = {};
  Error.captureStackTrace(holder, madeBy);
  const frame = typeof holder.stack === 'string' ? holder.stack.split('\n')[1] : undefined;
  const [, file, position] = PLACE.exec(frame ?? '') ?? [];
  return { file, position };
}

let run: object | undefined;

function currentRun(): object {
  if (run === undefined) {
    run = {};
    queueMicrotask(() => {
      run = undefined;
    });
  }
  return run;
}

function taken(name: string, { file, position }: Made): ContextError {
  const path = file?.replace('file://', '').replace(`${process.cwd()}/`, '');
  const where = path === undefined ? '' : ` (made at ${path}${position})`;
  return new ContextError(
    'ERR_DUPLICATE_NAME',
    `A portable ContextVar '${name}' exists already${where}, and a carrier could not tell the two apart; give one of ` +
      'them another name, or make it once and import it.',
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
