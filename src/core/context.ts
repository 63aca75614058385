import { type InspectOptions, inspect } from 'node:util';
import { requireFunction, wrongArgument } from './arguments.js';
import { type Cell, emptyCell } from './cell.js';
import { type ContextVar, indexOf } from './context-var.js';
import { runExtent } from './follow.js';
import { currentFrame, forkForeign } from './foreign-context.js';
import { captureForeign, isUnforked, seedForeign } from './foreign-states.js';
import { boundUnder, recordOf } from './log-bound.js';
import { captureCell, copyCell, frameOf } from './overlay.js';
import { runFrame } from './run-frame.js';
import type { Slot } from './slot.js';
import { UnitExtent } from './unit-extent.js';
import { variableAt } from './variables.js';

// biome-ignore lint/suspicious/noExplicitAny: a Context holds variables of every type
type AnyVar = ContextVar<any>;

const KEY = Symbol('context');

export let contextOf: (cell: Cell) => Context;
/** @throws TypeError where `context` is not a Context. */
export let cellOf: (where: string, context: Context) => Cell;

/**
 * Bindings of context variables, read like a Map keyed by variable. Source: PEP 567, but for one departure:
 * a Context can be entered again while it is running.
 *
 * @example
 * const context = new Context();
 * context.run(() => tenant.set('acme'));
 * console.log(context.get(tenant)); // acme
 */
export class Context {
  readonly #cell: Cell;

  /** An empty Context. */
  constructor();
  /** @internal */
  constructor(key: typeof KEY, cell: Cell);
  constructor(key?: typeof KEY, cell?: Cell) {
    if (new.target !== Context) throw new TypeError('Context: cannot be subclassed');
    // biome-ignore lint/complexity/noArguments: a rest parameter is an array more in each copy
    if (key !== KEY && arguments.length > 0) throw new TypeError('Context: takes no arguments');
    this.#cell = cell ?? emptyCell(currentFrame()?.unit);
  }

  /**
   * Runs `fn` in this Context: what it sets stays here. Joins the unit of work that the Context belongs to
   * (the one it was made in); one that belongs to none stays in the caller's, or, outside any, begins one
   * that ends when the call settles.
   */
  run<R, A extends unknown[]>(fn: (...args: A) => R, ...args: A): R {
    requireFunction('Context.run', fn);
    const cell = this.#cell;
    // No closure in here: a function that has one makes a place for the variables in it, in each call.
    const call = args.length === 0 ? (fn as () => R) : withArgs(fn, args);
    const current = currentFrame();
    const owner = cell.unit ?? current?.unit;
    if (owner === undefined || owner.ended) return runAsUnit(cell, call);
    const moves = current?.cell !== cell || current.unit !== owner;
    if (moves && isUnforked(cell.foreign)) cell.foreign = forkForeign(cell.foreign, owner);
    return runFrame(frameOf(owner, cell), call, moves, cell.foreign);
  }

  /** An independent copy; O(1), whatever the Context holds. */
  copy(): Context {
    const source = this.#cell;
    const cell = copyCell(source, source.unit);
    cell.foreign = source.foreign;
    return new Context(KEY, cell);
  }

  /** The value that `variable` is bound to here; undefined where it is not (its default does not count). */
  get<T>(variable: ContextVar<T>): T | undefined {
    const index = requireIndex('Context.get', variable);
    const slot = this.#slot(variable);
    return (slot === undefined ? this.#cell.read(index) : slot.read()) as T | undefined;
  }

  has(variable: AnyVar): boolean {
    const index = requireIndex('Context.has', variable);
    return this.#slot(variable) !== undefined || this.#cell.has(index);
  }

  get size(): number {
    return [...this.keys()].length;
  }

  *keys(): MapIterator<AnyVar> {
    for (const [variable] of this.entries()) yield variable;
  }

  *values(): MapIterator<unknown> {
    for (const [, value] of this.entries()) yield value;
  }

  *entries(): MapIterator<[AnyVar, unknown]> {
    const seen = new Set<unknown>();
    for (const slot of this.#cell.captured ?? []) {
      seen.add(slot.variable);
      if (isContextVar(slot.variable)) yield [slot.variable as AnyVar, slot.read()];
    }
    for (const index of this.#cell.places()) {
      const variable = variableAt(index);
      if (variable !== undefined && !seen.has(variable)) yield [variable, this.#cell.read(index)];
    }
  }

  [Symbol.iterator](): MapIterator<[AnyVar, unknown]> {
    return this.entries();
  }

  /** The same variables with the same values (`Object.is`). */
  equals(other: Context): boolean {
    if (typeof other !== 'object' || other === null || !(#cell in other)) return false;
    if (this.#cell === other.#cell) return true;
    if (this.size !== other.size) return false;
    for (const [variable, value] of this.entries()) {
      if (!other.has(variable) || !Object.is(value, other.get(variable))) return false;
    }
    return true;
  }

  [inspect.custom](depth: number, options: InspectOptions): string {
    const shown = [...this.entries()].map(([variable, value]) => {
      const text = variable.secret
        ? '<secret>'
        : depth < 1
          ? '...'
          : inspect(value, { ...options, depth: depth - 1 });
      return `'${variable.name}' => ${text}`;
    });
    const { length } = shown;
    const bound = boundUnder(this.#cell, this.#cell.captured ?? []);
    if (bound.size > 0) shown.push(`log: ${inspect(recordOf(bound), { ...options, depth: depth - 1 })}`);
    return `Context(${length}) {${shown.length === 0 ? '' : ` ${shown.join(', ')} `}}`;
  }

  #slot(variable: AnyVar): Slot | undefined {
    return this.#cell.captured?.find((slot) => slot.variable === variable);
  }

  static {
    contextOf = (cell) => new Context(KEY, cell);
    cellOf = (where, context) => {
      if (typeof context !== 'object' || context === null || !(#cell in context)) {
        throw wrongArgument(where, 'a Context', context);
      }
      return context.#cell;
    };
  }
}

function withArgs<R, A extends unknown[]>(fn: (...args: A) => R, args: A): () => R {
  return () => fn(...args);
}

/** In a unit of work that is begun for the call, and that the Context belongs to meanwhile. */
function runAsUnit<R>(cell: Cell, fn: () => R): R {
  const before = cell.unit;
  const extent = new UnitExtent({ kind: 'context', cell, foreign: cell.foreign, given: true }, () => {
    cell.unit = before;
    return undefined;
  });
  cell.unit = extent.unit;
  cell.foreign = extent.unit.foreign;
  return runExtent(extent, fn);
}

/** And no ScopedValue, and no log key. */
function isContextVar(variable: object): boolean {
  return indexOf(variable as AnyVar) !== undefined;
}

function requireIndex(where: string, variable: AnyVar): number {
  const index = typeof variable === 'object' && variable !== null ? indexOf(variable) : undefined;
  if (index === undefined) throw wrongArgument(where, 'a ContextVar as key', variable);
  return index;
}

/**
 * A copy of the current Context; an empty one outside any. O(1), whatever it holds. A ContextVar keeps the
 * value that it has now; a ScopedValue under a temporary binding is not captured, and reading it in the copy
 * is `ERR_SCOPE_ENDED`. Source: PEP 567.
 */
export function copyContext(): Context {
  const frame = currentFrame();
  const cell = captureCell(frame);
  cell.foreign = frame === undefined ? seedForeign() : captureForeign();
  return contextOf(cell);
}
