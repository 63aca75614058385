import { requireFunction } from './arguments.js';
import { channels, type TaskMessage } from './diagnostics.js';
import { reportError } from './report-error.js';
import type { TaskState, TaskStatus } from './tasks.js';
import { Unit } from './unit.js';

/**
 * Calls `listener` with the status of each task and background call of this process when it starts
 * (`running`), is aborted (`aborting`) and settles (`completed` or `failed`); gives what stops it. It is called
 * in the context of the task; what it throws is reported, and the task goes on.
 *
 * @throws TypeError where `listener` is no function.
 *
 * @example
 * const stop = onTask(({ name, ageMs, state }) => metrics.record(name, state, ageMs));
 */
export function onTask(listener: (task: TaskStatus) => void): () => void {
  requireFunction('onTask', listener);
  const tell = (stateOf: (message: TaskMessage) => TaskState) => (message: unknown) => {
    const task = message as TaskMessage;
    if (!(task.unit instanceof Unit)) return;
    const { unit } = task;
    unit.enter(() => {
      try {
        listener({ ...task, ageMs: unit.elapsed, state: stateOf(task) });
      } catch (error) {
        reportError(error, 'in a listener of onTask');
      }
    });
  };
  const started = tell(() => 'running');
  const aborted = tell(() => 'aborting');
  const settled = tell((task) => ('error' in task ? 'failed' : 'completed'));
  const { taskStart, taskAbort, taskEnd } = channels;
  taskStart.subscribe(started);
  taskAbort.subscribe(aborted);
  taskEnd.subscribe(settled);
  return () => {
    taskStart.unsubscribe(started);
    taskAbort.unsubscribe(aborted);
    taskEnd.unsubscribe(settled);
  };
}
