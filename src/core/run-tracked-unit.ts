import { emptyCell } from './cell.js';
import { runExtent } from './follow.js';
import { currentFrame } from './foreign-context.js';
import { captureForeign } from './foreign-states.js';
import { captureCell } from './overlay.js';
import { Task } from './tasks.js';
import type { Unit } from './unit.js';
import { UnitExtent } from './unit-extent.js';

export interface TrackedUnitOptions {
  readonly kind: string;
  readonly name?: string | undefined;
  /** Starts in a copy of the current context, as a task does. Default: an empty one, whatever is current. */
  readonly fork?: boolean;
}

/**
 * Runs `fn` as a unit of work that ends when the call settles, and that is tracked as a task is: for work that
 * something else than a task's caller sets off, of which nobody but shutdown may be waiting for the end.
 */
export function runTrackedUnit<R>({ kind, name, fork }: TrackedUnitOptions, fn: (unit: Unit) => R): R {
  const parent = fork ? currentFrame() : undefined;
  const cell = fork ? captureCell(parent) : emptyCell();
  const foreign = fork ? captureForeign() : undefined;
  const extent: UnitExtent = new UnitExtent({ kind, cell, foreign, name }, (failure) =>
    task.settled(failure),
  );
  cell.unit = extent.unit;
  const task: Task = new Task(extent.unit, parent?.unit);
  return runExtent(extent, () => fn(extent.unit));
}
