import { subscribe, unsubscribe } from 'node:diagnostics_channel';
// Not the globals, which fake clocks replace.
import { clearTimeout, setTimeout } from 'node:timers';
import type { ScopeMessage, TaskMessage, UnitOfWork } from '../core/index.js';
import { firstLoaded } from '../core/internal.js';

/** What has begun and is not over: in which unit, and what to call it. Never a value: it may be a secret. */
interface Open {
  readonly unit: UnitOfWork | undefined;
  readonly label: string;
}

const watching: Set<Leftovers> = firstLoaded('testing.watching', () => new Set());

/** A test unit ends with its body, and ends the temporary scopes in it: those that are open now were left. */
export function noteEnd(unit: UnitOfWork | undefined): void {
  for (const leftovers of watching) leftovers.keep(unit);
}

/** The temporary scopes and tasks that begin from now on, in the whole process, and are not over. */
export class Leftovers {
  readonly #open: Open[] = [];
  readonly #kept: Open[] = [];
  #changed = (): void => {};
  readonly #listeners: [channel: string, listener: (message: unknown) => void][] = [
    ['nestjs-contextvars:scope:start', (message) => this.#begin(scope(message as ScopeMessage))],
    ['nestjs-contextvars:scope:end', (message) => this.#end(scope(message as ScopeMessage))],
    ['nestjs-contextvars:task:start', (message) => this.#begin(task(message as TaskMessage))],
    ['nestjs-contextvars:task:end', (message) => this.#end(task(message as TaskMessage))],
  ];

  constructor() {
    for (const [channel, listener] of this.#listeners) subscribe(channel, listener);
    watching.add(this);
  }

  stop(): void {
    for (const [channel, listener] of this.#listeners) unsubscribe(channel, listener);
    watching.delete(this);
  }

  /** Counts what is open in `unit` as left, even when it ends. */
  keep(unit: UnitOfWork | undefined): void {
    for (const open of this.#open.filter((other) => other.unit === unit)) {
      this.#end(open);
      this.#kept.push(open);
    }
  }

  /** Waits until nothing is open, for at most `timeoutMs`; gives the names of what was left. */
  async after(timeoutMs: number): Promise<string[]> {
    if (this.#open.length > 0) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeoutMs);
        this.#changed = () => {
          if (this.#open.length === 0) resolve();
        };
      });
      clearTimeout(timer);
    }
    return [...this.#kept, ...this.#open].map(({ label }) => label);
  }

  #begin(open: Open): void {
    this.#open.push(open);
  }

  /** One that began before the watch is not found, and was not this test's. */
  #end({ unit, label }: Open): void {
    const at = this.#open.findLastIndex((other) => other.unit === unit && other.label === label);
    if (at === -1) return;
    this.#open.splice(at, 1);
    this.#changed();
  }
}

function scope({ unit, name, bindings }: ScopeMessage): Open {
  const variables = bindings.map((binding) => `'${binding.name}'`).join(', ');
  return { unit, label: `a temporary ${variables}${name === undefined ? '' : ` (${name})`}` };
}

function task({ unit, name }: TaskMessage): Open {
  return { unit, label: `the task '${name ?? unit.id}'` };
}
