import { setImmediate } from 'node:timers/promises';
import { drainTasks, type Task } from '../core/internal.js';
import type { ModuleLog } from './module-log.js';

/** Of the applications that have been started and not closed. */
const open = new Set<Shutdown>();

/**
 * What the shutdown of an application waits for: tasks, background calls, the ends of requests. Both hooks of Nest
 * have one limit together; the time that Nest spends between them, closing the server, does not count.
 */
export class Shutdown {
  readonly #limitMs: number;
  readonly #log: ModuleLog;
  readonly #requestsEnded: () => Promise<void>;
  #leftMs: number;
  /** Named in the log already. */
  readonly #late = new WeakSet<Task>();
  #requestsAreLate = false;

  constructor(limitMs: number, log: ModuleLog, requestsEnded: () => Promise<void>) {
    this.#limitMs = limitMs;
    this.#leftMs = limitMs;
    this.#log = log;
    this.#requestsEnded = requestsEnded;
  }

  /** The application has been started. */
  start(): void {
    open.add(this);
  }

  /** The application is closed. */
  end(): void {
    open.delete(this);
  }

  /** Waits for what is under way; what is left at the limit is named in the log, and its tasks are aborted by the last application. */
  async drain(): Promise<void> {
    const began = performance.now();
    const [tasks, ended] = await Promise.all([
      drainTasks(this.#leftMs),
      withinMs(this.#leftMs, this.#requestsEnded()),
    ]);
    const inTime = tasks.length === 0 && ended;
    this.#leftMs = inTime ? Math.max(0, this.#leftMs - (performance.now() - began)) : 0;
    if (inTime) return;
    const late = tasks.filter((task) => !this.#late.has(task));
    this.#name(late, !ended && !this.#requestsAreLate);
    this.#requestsAreLate ||= !ended;
    // They may be the work of another application of this process, which goes on.
    const isLast = [...open].every((other) => other === this);
    for (const task of late) {
      this.#late.add(task);
      if (isLast) task.abort(this.#reason(task));
    }
    // For what heeds the signal at once: its errors are still logged.
    if (late.length > 0) await setImmediate();
  }

  #name(tasks: readonly Task[], requests: boolean): void {
    const left = tasks.map(describe);
    if (requests) left.push('the end of a request or message: its onEnd or the disposal of its instances');
    if (left.length === 0) return;
    this.#log.warn(
      `Shutdown goes on after ${this.#limitMs} ms without ${left.length} unfinished: ${left.join(', ')}`,
    );
  }

  #reason(task: Task): DOMException {
    const message = `${nameOf(task)} did not settle within shutdown.timeoutMs (${this.#limitMs} ms)`;
    return new DOMException(message, 'TimeoutError');
  }
}

function nameOf({ name, unit }: Task): string {
  return name ?? unit.kind;
}

function describe(task: Task): string {
  const { state } = task.status();
  const settled = state === 'completed' || state === 'failed';
  // Its work is done: what hangs is a hook of its end, or a disposer.
  return `${nameOf(task)} (${task.unit.id}${settled ? ', settled, its instances not disposed of' : ''})`;
}

/** Whether `work` is done by then. */
async function withinMs(ms: number, work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  const done = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return done;
}
