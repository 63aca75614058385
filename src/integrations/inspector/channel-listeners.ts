import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { InstanceMessage, ScopeMessage, TaskMessage, UnitMessage } from '../../core/index.js';
import type { LogLineMessage, RequestEndMessage, RequestStartMessage } from '../../nest/index.js';

/** What is published on each channel. */
export interface Messages {
  'unit:start': UnitMessage;
  'unit:end': UnitMessage;
  'request:start': RequestStartMessage;
  'request:end': RequestEndMessage;
  'scope:start': ScopeMessage;
  'scope:end': ScopeMessage;
  'task:abort': TaskMessage;
  'task:end': TaskMessage;
  'instance:start': InstanceMessage;
  'instance:end': InstanceMessage;
  'log:line': LogLineMessage;
}

export type Listeners = { readonly [name in keyof Messages]: (message: Messages[name]) => void };

/** Listens to the channels of this library, only between `start` and `stop`: what nobody listens to costs nothing. */
export class ChannelListeners {
  readonly #listeners: readonly (readonly [channel: string, listener: (message: unknown) => void])[];
  #listens = false;
  /** Reading a value may run code of the application, which may log. */
  #reads = false;

  constructor(listeners: Listeners) {
    this.#listeners = Object.entries(listeners).map(([name, listener]) => [
      `nestjs-contextvars:${name}`,
      this.#harmless(listener as (message: unknown) => void),
    ]);
  }

  start(): void {
    if (this.#listens) return;
    this.#listens = true;
    for (const [channel, listener] of this.#listeners) subscribe(channel, listener);
  }

  stop(): void {
    if (!this.#listens) return;
    this.#listens = false;
    for (const [channel, listener] of this.#listeners) unsubscribe(channel, listener);
  }

  /** What a subscriber throws ends the process. A message that cannot be read is left out. */
  #harmless(listener: (message: unknown) => void): (message: unknown) => void {
    return (message) => {
      if (this.#reads) return;
      this.#reads = true;
      try {
        listener(message);
      } catch {
      } finally {
        this.#reads = false;
      }
    };
  }
}
