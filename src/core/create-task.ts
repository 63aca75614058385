import { abortWith, requireOptionalSignal } from './abort-with.js';
import { optionsOf, requireFunction, requireOptionalString } from './arguments.js';
import { type Context, cellOf } from './context.js';
import { runExtent } from './follow.js';
import { currentFrame } from './foreign-context.js';
import { captureForeign } from './foreign-states.js';
import { captureCell } from './overlay.js';
import { Task } from './tasks.js';
import { UnitExtent } from './unit-extent.js';

export interface TaskOptions {
  /** What the task is called in diagnostics and at shutdown. Default: the function's name. */
  readonly name?: string;
  /** Runs the task in this Context itself, not in a copy of the current one. */
  readonly context?: Context;
  /**
   * Aborts the signal of the task's own unit of work (`currentUnit().signal`) too, with the same reason; the task goes
   * on until `fn` heeds that. Default: none, so that the task outlives whatever it was started in.
   */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Starts `fn` at once, as a unit of work of its own in a copy of the current context: nothing that it sets is
 * seen outside, and no temporary ScopedValue is seen inside. Tracked until it settles. Source:
 * `asyncio.create_task`, but for the synchronous start.
 *
 * @returns a promise of the result; it rejects with what `fn` throws, also synchronously.
 * @throws TypeError where an argument has the wrong type.
 *
 * @example
 * const receipt = createTask(async () => render(order), { name: 'receipt' });
 * // ends with the request that it belongs to:
 * const hint = createTask(() => lookUp(currentUnit()?.signal), { signal: currentUnit()?.signal });
 */
export function createTask<R>(fn: () => R, options?: TaskOptions): Promise<Awaited<R>> {
  requireFunction('createTask', fn);
  const { name, context, signal } = optionsOf('createTask', options) ?? {};
  requireOptionalString('createTask', 'name', name);
  requireOptionalSignal('createTask', signal);
  const given = context === undefined ? undefined : cellOf('createTask', context);
  const parent = currentFrame();
  const cell = given ?? captureCell(parent);
  const foreign = given === undefined ? captureForeign() : given.foreign;
  const extent: UnitExtent = new UnitExtent(
    { kind: 'task', cell, foreign, name: name ?? (fn.name || undefined), given: given !== undefined },
    (failure) => {
      unlink();
      return task.settled(failure);
    },
  );
  if (cell.unit === undefined || cell.unit.ended || given === undefined) cell.unit = extent.unit;
  const task: Task = new Task(extent.unit, parent?.unit);
  const unlink = abortWith(signal, (reason) => task.abort(reason));
  try {
    return Promise.resolve(runExtent(extent, fn)) as Promise<Awaited<R>>;
  } catch (error) {
    return Promise.reject(error);
  }
}
