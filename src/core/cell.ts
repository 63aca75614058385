import type { ForeignStates } from './foreign-states.js';
import type { Slot } from './slot.js';
import type { Unit } from './unit.js';

/**
 * The mutable part of a Context: values by the index of their variable, copied on the first write after
 * the cell was copied. An array and not a Map: reading costs a third, copying a tenth.
 */
export class Cell {
  #values: unknown[];
  /** Places of variables that were set to `undefined`; everywhere else `undefined` means unset. Never changed in place. */
  #voids: ReadonlySet<number> | undefined = undefined;
  #shared: boolean;
  /** Bindings that were in force where this cell was captured, as slots of its own, innermost first. */
  captured: readonly Slot[] | undefined = undefined;
  /** The unit of work this Context belongs to; undefined until it is first entered outside any. */
  unit: Unit | undefined;
  /** The states of other libraries' contexts that move with this one. */
  foreign: ForeignStates = undefined;

  constructor(values: unknown[], shared: boolean, unit: Unit | undefined) {
    this.#values = values;
    this.#shared = shared;
    this.unit = unit;
  }

  /** The value, or undefined. A method and no accessor: `inspect` can be told to call those. */
  read(index: number): unknown {
    return this.#values[index];
  }

  has(index: number): boolean {
    return this.#values[index] !== undefined || this.#voids?.has(index) === true;
  }

  /** The places that have a value, in the order in which their variables were made. */
  *places(): Iterable<number> {
    // Not by length: where variables are many, the array is sparse.
    for (const key in this.#values) if (this.has(Number(key))) yield Number(key);
  }

  /** A second cell over the same values: O(1), whatever they are. */
  fork(unit: Unit | undefined): Cell {
    this.#shared = true;
    const cell = new Cell(this.#values, true, unit);
    cell.#voids = this.#voids;
    return cell;
  }

  write(index: number, value: unknown): void {
    this.#own()[index] = value;
    if (value === undefined) this.#voids = new Set([...(this.#voids ?? []), index]);
    else if (this.#voids !== undefined) this.#fill(index);
  }

  unset(index: number): void {
    this.#own()[index] = undefined;
    this.#fill(index);
  }

  #own(): unknown[] {
    if (this.#shared) {
      this.#values = this.#values.slice();
      this.#shared = false;
    }
    return this.#values;
  }

  #fill(index: number): void {
    if (this.#voids?.has(index)) this.#voids = new Set([...this.#voids].filter((other) => other !== index));
  }
}

export function emptyCell(unit?: Unit): Cell {
  return new Cell([], false, unit);
}
