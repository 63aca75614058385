import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { until } from './until.js';

interface Message {
  readonly unit: { readonly id: string; readonly kind: string };
}

/** The ids of the HTTP units of work that have begun and ended, as the diagnostics channels report them. */
export class UnitLog {
  readonly started: string[] = [];
  readonly ended: string[] = [];
  readonly #onStart = (message: unknown) => this.#add(this.started, message as Message);
  readonly #onEnd = (message: unknown) => this.#add(this.ended, message as Message);

  constructor() {
    subscribe('nestjs-contextvars:unit:start', this.#onStart);
    subscribe('nestjs-contextvars:unit:end', this.#onEnd);
  }

  stop(): void {
    unsubscribe('nestjs-contextvars:unit:start', this.#onStart);
    unsubscribe('nestjs-contextvars:unit:end', this.#onEnd);
  }

  clear(): void {
    this.started.length = 0;
    this.ended.length = 0;
  }

  /** Waits until the units with these ids have ended. */
  async haveEnded(ids: readonly string[], limitMs?: number): Promise<void> {
    await until(`the units ${ids} have ended`, () => ids.every((id) => this.ended.includes(id)), limitMs);
  }

  /** How often the unit `id` has begun and ended. */
  times(id: string): { started: number; ended: number } {
    const count = (ids: string[]) => ids.filter((other) => other === id).length;
    return { started: count(this.started), ended: count(this.ended) };
  }

  #add(to: string[], { unit }: Message): void {
    if (unit.kind === 'http') to.push(unit.id);
  }
}
