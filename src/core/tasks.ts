import { channels, type TaskMessage } from './diagnostics.js';
import type { Failure } from './extent.js';
import { currentFrame } from './foreign-context.js';
import type { Unit, UnitOfWork } from './unit.js';

/**
 * - `running`: it has not settled.
 * - `aborting`: nor has it, and its signal has been aborted.
 * - `completed`, `failed`: it has settled; its unit of work may still be ending.
 */
export type TaskState = 'running' | 'aborting' | 'completed' | 'failed';

/** What is known of a task or background call at one moment. */
export interface TaskStatus {
  readonly name: string | undefined;
  /** Its own unit of work. */
  readonly unit: UnitOfWork;
  /** The unit of work in which it was started, if any. */
  readonly parent: UnitOfWork | undefined;
  /** From its start until now, in ms, with fractions. */
  readonly ageMs: number;
  readonly state: TaskState;
  /** What it threw or rejected with; only where it has failed. */
  readonly error?: unknown;
}

/** Called when a task has settled; gives what is to be called when its unit has ended too, if anything. */
export type Settled = (failure: Failure | undefined) => (() => void) | undefined;

const active = new Set<Task>();

/** A task or background call, from its start until its unit of work has ended. */
export class Task {
  readonly unit: Unit;
  readonly parent: Unit | undefined;
  readonly ended: Promise<void>;
  #end = (): void => {};
  #state: TaskState = 'running';
  #failure: Failure | undefined;

  constructor(unit: Unit, parent: Unit | undefined) {
    this.unit = unit;
    this.parent = parent;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    active.add(this);
    if (channels.taskStart.hasSubscribers) channels.taskStart.publish(this.#message());
  }

  get name(): string | undefined {
    return this.unit.name;
  }

  status(): TaskStatus {
    return { ...this.#message(), ageMs: this.unit.elapsed, state: this.#state };
  }

  /** Aborts the signal of its unit, in its own context and not in that of whoever aborts it. */
  abort(reason: unknown): void {
    if (this.#state !== 'running') return;
    this.#state = 'aborting';
    if (channels.taskAbort.hasSubscribers) channels.taskAbort.publish(this.#message());
    this.unit.enter(() => this.unit.abort(reason));
  }

  readonly settled: Settled = (failure) => {
    this.#state = failure === undefined ? 'completed' : 'failed';
    this.#failure = failure;
    if (channels.taskEnd.hasSubscribers) channels.taskEnd.publish(this.#message());
    return () => {
      active.delete(this);
      this.#end();
    };
  };

  #message(): TaskMessage {
    const { unit, name, parent } = this;
    return { unit, name, parent, ...this.#failure };
  }
}

/**
 * The tasks and background calls of this process whose units of work have not ended, oldest first.
 *
 * @example
 * for (const { name, ageMs, state } of activeTasks()) console.log(name, Math.round(ageMs), state);
 */
export function activeTasks(): TaskStatus[] {
  return [...active].map((task) => task.status());
}

/**
 * Waits for all tasks, those that are started meanwhile too, but for the one that it is called in and those that this was
 * started in: they wait for it. Gives the ones left after `timeoutMs`.
 */
export async function drainTasks(timeoutMs: number): Promise<Task[]> {
  const waiting = tasksAround(currentFrame()?.unit);
  const left = () => [...active].filter((task) => !waiting.has(task));
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, 'late');
  });
  try {
    for (let tasks = left(); tasks.length > 0; tasks = left()) {
      const all = Promise.all(tasks.map(({ ended }) => ended));
      if ((await Promise.race([all, timedOut])) === 'late') break;
    }
  } finally {
    clearTimeout(timer);
  }
  return left();
}

/** The task whose unit of work that is, the one that it was started in, and so on. */
function tasksAround(unit: Unit | undefined): ReadonlySet<Task> {
  const around = new Set<Task>();
  let task = taskOf(unit);
  while (task !== undefined && !around.has(task)) {
    around.add(task);
    task = taskOf(task.parent);
  }
  return around;
}

function taskOf(unit: Unit | undefined): Task | undefined {
  return unit && [...active].find((task) => task.unit === unit);
}
