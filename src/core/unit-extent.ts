import { type Cell, emptyCell } from './cell.js';
import type { Extent, Failure } from './extent.js';
import { runExtent } from './follow.js';
import { currentFrame, forkForeign } from './foreign-context.js';
import { captureForeign, type ForeignStates } from './foreign-states.js';
import type { Frame } from './frame.js';
import { copyCell } from './overlay.js';
import { requireRoom } from './stack-room.js';
import type { Settled } from './tasks.js';
import { Unit } from './unit.js';

export interface UnitInit {
  readonly kind: string;
  /** The root Context of the unit. */
  readonly cell: Cell;
  /** What other libraries' contexts are derived from. Default: what the cell says; undefined starts them empty. */
  readonly foreign?: ForeignStates;
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  /** The cell is that of a Context which the caller gave, and shared on purpose. */
  readonly given?: boolean;
  /** The unit that this one goes on with; see `Unit.origin`. */
  readonly origin?: Unit;
}

/** A unit of work that lasts for one call. */
export class UnitExtent implements Extent {
  readonly temporary = false;
  readonly movesForeign = true;
  readonly unit: Unit;
  ending: Promise<void> | undefined;
  readonly #init: UnitInit;
  readonly #settled: Settled | undefined;
  #over = false;

  constructor(init: UnitInit, settled?: Settled) {
    // Where the stack overflows in the call, its end has to be reached all the same: nothing else would end the unit.
    requireRoom();
    this.#init = init;
    this.#settled = settled;
    this.unit = openUnit(init);
  }

  run<R>(fn: () => R): R {
    return this.unit.enter(fn);
  }

  end(failure?: Failure): void {
    if (this.#over) return;
    this.#over = true;
    const ended = this.#settled?.(failure);
    this.ending = this.unit.end();
    if (this.ending === undefined) ended?.();
    else if (ended !== undefined) void this.ending.then(ended);
  }

  repeat(): () => UnitExtent {
    const { given = false, cell, name, kind } = this.#init;
    const { origin, foreign } = this.unit;
    const from = given ? cell : copyCell(cell);
    return () => {
      const own = given ? cell : copyCell(from);
      const extent = new UnitExtent({ kind, name, given, cell: own, foreign, origin });
      if (!given) own.unit = extent.unit;
      return extent;
    };
  }

  pend(): void {}
}

/** Begins a unit of work; whoever begins one ends it. */
export function openUnit({ kind, cell, foreign = cell.foreign, id, name, origin }: UnitInit): Unit {
  const unit = new Unit(kind, cell, id, name);
  if (origin !== undefined) unit.origin = origin;
  unit.start(forkForeign(foreign, unit));
  return unit;
}

/** Runs `fn` where the caller is; outside any unit of work, in one that is begun for it and ends with it. */
export function inSomeUnit<R>(kind: string, fn: (frame: Frame) => R): R {
  const frame = currentFrame();
  if (frame !== undefined) return fn(frame);
  // It is there for a `run` or a temporary scope, which leave the contexts of others as they are.
  const extent = new UnitExtent({ kind, cell: emptyCell(), foreign: captureForeign() });
  return runExtent(extent, () => fn(extent.unit.base));
}
