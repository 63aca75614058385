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

/** Keeps the unit of a task among the active ones until the returned function is called. */
export function track(unit: Unit, parent: Unit | undefined): (failure: Failure | undefined) => void {
  let settle = (): void => {};
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const entry: Entry = { name: unit.name, unit, parent, settled, settle };
  active.add(entry);
  const { taskStart, taskEnd } = channels;
  if (taskStart.hasSubscribers) taskStart.publish({ unit, name: unit.name, parent });
  return (failure) => {
    active.delete(entry);
    entry.settle();
    if (taskEnd.hasSubscribers) taskEnd.publish({ unit, name: unit.name, parent, ...failure });
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
