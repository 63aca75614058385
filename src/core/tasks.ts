import { channels } from './diagnostics.js';
import type { Failure } from './extent.js';
import type { Unit, UnitOfWork } from './unit.js';

/** A task or background call that has not settled yet. */
export interface ActiveTask {
  readonly name: string | undefined;
  readonly unit: UnitOfWork;
  readonly parent: UnitOfWork | undefined;
}

interface Entry extends ActiveTask {
  readonly settled: Promise<void>;
  readonly settle: () => void;
}

const active = new Set<Entry>();

/** Called when a task has settled; gives what is to be called when its unit has ended too, if anything. */
export type Settled = (failure: Failure | undefined) => (() => void) | undefined;

/** Keeps the unit of a task among the active ones until it has ended. */
export function track(unit: Unit, parent: Unit | undefined): Settled {
  let settle = (): void => {};
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const entry: Entry = { name: unit.name, unit, parent, settled, settle };
  active.add(entry);
  const { taskStart, taskEnd } = channels;
  if (taskStart.hasSubscribers) taskStart.publish({ unit, name: unit.name, parent });
  return (failure) => {
    if (taskEnd.hasSubscribers) taskEnd.publish({ unit, name: unit.name, parent, ...failure });
    return () => {
      active.delete(entry);
      entry.settle();
    };
  };
}

export function activeTasks(): ActiveTask[] {
  return [...active].map(({ name, unit, parent }) => ({ name, unit, parent }));
}

/** Waits for all tasks, those that are started meanwhile too; gives the ones left after `timeoutMs`. */
export async function drainTasks(timeoutMs: number): Promise<ActiveTask[]> {
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, 'late');
  });
  try {
    while (active.size > 0) {
      const all = Promise.all([...active].map((entry) => entry.settled));
      if ((await Promise.race([all, timedOut])) === 'late') break;
    }
  } finally {
    clearTimeout(timer);
  }
  return activeTasks();
}
