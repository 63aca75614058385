import { type Cell, emptyCell } from './cell.js';
import type { Slot } from './slot.js';
import type { Unit } from './unit.js';

/** Read in place of a cell that a binding lies over; nobody writes to it. */
const NOTHING = emptyCell();

/**
 * What the AsyncLocalStorage holds: where the running code is. Immutable. It is the unit of work, the cell
 * of the current Context, and, only inside a `run` or a temporary scope, the innermost binding (`slot`)
 * with the frame that holds the next one out (`outer`).
 *
 * Node hangs it on timers and promises under a symbol, where `console.log(timer)` prints what it can reach:
 * values are therefore private in Cell and Slot.
 */
export class Frame {
  readonly unit: Unit;
  readonly cell: Cell;
  readonly slot: Slot | undefined;
  readonly outer: Frame | undefined;
  /** The cell where no binding lies over it, else one without values: `get` asks it in the place of two questions. */
  readonly bare: Cell;

  constructor(unit: Unit, cell: Cell, slot: Slot | undefined, outer: Frame | undefined) {
    this.unit = unit;
    this.cell = cell;
    this.slot = slot;
    this.outer = outer;
    this.bare = slot === undefined ? cell : NOTHING;
  }
}
