import { bindingMessage, channels, type ScopeMessage } from './diagnostics.js';
import type { Extent } from './extent.js';
import { settle } from './follow.js';
import { currentFrame } from './foreign-context.js';
import type { Frame } from './frame.js';
import { push } from './overlay.js';
import { type Bindable, type Lease, Slot } from './slot.js';
import { storage } from './storage.js';

// Constants to the compiler; an import is read anew at each use, which short calls notice.
const als = storage;
const { scopeStart, scopeEnd } = channels;

/**
 * One temporary scope: the lease of its bindings and the extent of its call. Work left running still holds
 * its frame after the end, and finds the lease ended.
 */
export class TempScope implements Extent, Lease {
  /** Where the call is made. */
  readonly outer: Frame;
  readonly name: string | undefined;
  frame: Frame;
  ended = false;
  #held = false;

  constructor(outer: Frame, name: string | undefined) {
    this.outer = outer;
    this.name = name;
    this.frame = outer;
  }

  get temporary(): true {
    return true;
  }

  get movesForeign(): false {
    return false;
  }

  get ending(): undefined {
    return undefined;
  }

  bind(variable: Bindable, value: unknown): this {
    this.frame = push(this.frame, new Slot(variable, value, this));
    return this;
  }

  /** Runs `fn` with the bindings until the call settles. */
  call<R>(fn: () => R): R {
    if (scopeStart.hasSubscribers) scopeStart.publish(this.#message());
    let result: R;
    try {
      result = als.run(this.frame, fn);
    } catch (error) {
      this.end();
      throw error;
    }
    if ((typeof result === 'object' && result !== null) || typeof result === 'function')
      return settle(result, this);
    this.end();
    return result;
  }

  run<R>(fn: () => R): R {
    return als.run(this.frame, fn);
  }

  pend(): void {
    if (this.#held || this.ended) return;
    this.#held = true;
    this.outer.unit.hold(this);
  }

  end(): void {
    if (this.ended) return;
    if (scopeEnd.hasSubscribers) scopeEnd.publish(this.#message());
    this.ended = true;
    if (this.#held) this.outer.unit.drop(this);
    // Work left running holds the frame, perhaps for long: not the value too.
    for (let at: Frame | undefined = this.frame; at?.slot?.lease === this; at = at.outer)
      at.slot.value = undefined;
  }

  repeat(): () => TempScope {
    const bound = this.#slots().map(({ variable, value }) => ({ variable, value }));
    return () => {
      const scope = new TempScope(this.outer, this.name);
      for (const { variable, value } of bound) scope.bind(variable, value);
      if (scopeStart.hasSubscribers) scopeStart.publish(scope.#message());
      return scope;
    };
  }

  /** In the order in which they were bound. */
  #slots(): Slot[] {
    const slots: Slot[] = [];
    for (let at: Frame | undefined = this.frame; at?.slot?.lease === this; at = at.outer)
      slots.unshift(at.slot);
    return slots;
  }

  #message(): ScopeMessage {
    const bindings = this.#slots().map(({ variable, value }) => bindingMessage(variable, value));
    return { unit: this.outer.unit, name: this.name, bindings };
  }
}

/** The frame that a `run` or a temporary scope of the caller lies over; undefined outside any. */
export function outerFrame(): Frame | undefined {
  return als.getStore() ?? currentFrame();
}
