import type { ContextVar } from './context-var.js';

let count = 0;
const listed: (WeakRef<ContextVar<unknown>> | undefined)[] = [];

/** The next free place in every cell. Places are not used again: an old value would show in a new variable. */
export function nextIndex(): number {
  count += 1;
  return count - 1;
}

/** Makes a variable findable by its place, for reading a Context as a Map. Holds it weakly. */
export function list(index: number, variable: ContextVar<unknown>): void {
  listed[index] = new WeakRef(variable);
}

/** The variable of a place; undefined for a ScopedValue's and for one that nobody holds any more. */
export function variableAt(index: number): ContextVar<unknown> | undefined {
  return listed[index]?.deref();
}
