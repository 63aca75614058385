import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { UnitOfWork } from 'nestjs-contextvars';
import { until } from '../../http/support/until.js';

interface Message {
  readonly unit: UnitOfWork;
}

/** The units of work of messages that have begun and ended, as the diagnostics channels report them. */
export class RpcUnits {
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

  /** Waits until so many have ended, and gives how many have begun. */
  async haveEnded(count: number): Promise<number> {
    await until(`${count} units have ended`, () => this.ended.length >= count);
    return this.started.length;
  }

  #add(to: string[], { unit }: Message): void {
    if (unit.kind === 'rpc') to.push(unit.id);
  }
}
