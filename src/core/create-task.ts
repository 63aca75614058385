import { optionsOf, requireFunction, requireOptionalString } from './arguments.js';
import { type Context, cellOf } from './context.js';
import { runExtent } from './follow.js';
import { currentFrame } from './foreign-context.js';
import { captureForeign } from './foreign-states.js';
import { captureCell } from './overlay.js';
import { track } from './tasks.js';
import { UnitExtent } from './unit-extent.js';

export interface TaskOptions {
  /** What the task is called in diagnostics and at shutdown. Default: the function's name. */
  readonly name?: string;
  /** Runs the task in this Context itself, not in a copy of the current one. */
  readonly context?: Context;
}

/**
 * Starts `fn` at once, as a unit of work of its own in a copy of the current context: nothing that it sets is
 * seen outside, and no temporary ScopedValue is seen inside. Tracked until it settles. Source:
 * `asyncio.create_task`, but for the synchronous start.
 *
 * @returns a promise of the result; it rejects with what `fn` throws, also synchronously.
 *
 * @example
 * const receipt = createTask(async () => render(order), { name: 'receipt' });
 */
export function createTask<R>(fn: () => R, options?: TaskOptions): Promise<Awaited<R>> {
  requireFunction('createTask', fn);
  const { name, context } = optionsOf('createTask', options) ?? {};
  requireOptionalString('createTask', 'name', name);
  const given = context === undefined ? undefined : cellOf('createTask', context);
  const parent = currentFrame();
  const cell = given ?? captureCell(parent);
  const foreign = given === undefined ? captureForeign() : given.foreign;
  const task = new UnitExtent(
    { kind: 'task', cell, foreign, name: name ?? (fn.name || undefined), given: given !== undefined },
    (failure) => settled(failure),
  );
  if (cell.unit === undefined || cell.unit.ended || given === undefined) cell.unit = task.unit;
  const settled = track(task.unit, parent?.unit);
  try {
    return Promise.resolve(runExtent(task, fn)) as Promise<Awaited<R>>;
  } catch (error) {
    return Promise.reject(error);
  }
}
