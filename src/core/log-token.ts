import { type InspectOptions, inspect } from 'node:util';
import { wrongArgument } from './arguments.js';
import type { Cell } from './cell.js';
import { ContextError } from './context-error.js';
import { currentFrame } from './foreign-context.js';
import { blockEnded, placeOf, rebind } from './log-bound.js';
import type { LogValue } from './log-value.js';
import { Slot } from './slot.js';

const KEY = Symbol('log token');

/** Where one key was bound, and what it had there before; undefined where nothing. */
export interface BoundBefore {
  readonly key: string;
  readonly place: Slot | Cell;
  readonly old: LogValue | undefined;
}

let resetToken: (token: LogToken) => void;

/** `cell` is that of the Context which was current. */
export let newLogToken: (cell: Cell, before: readonly BoundBefore[]) => LogToken;

/**
 * What `bindLogContext` returns, for `resetLogContext`. Good for one reset in the place where the bind was made.
 * Source: the tokens of structlog's `bind_contextvars`; as a Disposable, Python 3.14's token as context manager.
 *
 * @example
 * {
 *   using bound = bindLogContext({ step: 'charge' }); // as it was before, at the end of the block
 * }
 */
export class LogToken {
  readonly #cell: Cell;
  readonly #before: readonly BoundBefore[];
  #used = false;

  /** Tokens are made by `bindLogContext` only: anything else is a TypeError. */
  private constructor(key: typeof KEY, cell: Cell, before: readonly BoundBefore[]) {
    if (key !== KEY) throw new TypeError('LogToken: made by bindLogContext only');
    this.#cell = cell;
    this.#before = before;
  }

  /** Restores the keys, as `resetLogContext(token)` does, with the same errors. */
  [Symbol.dispose](): void {
    this.#reset();
  }

  [inspect.custom](_depth: number, options: InspectOptions): string {
    const keys = this.#before.map(({ key }) => key);
    return `LogToken {${this.#used ? ' used,' : ''} keys: ${inspect(keys, options)} }`;
  }

  // The order of the checks is that of `ContextVar.reset`: used, place, ended. A failed one changes nothing.
  #reset(): void {
    const keys = this.#before.map(({ key }) => key).join(', ');
    if (this.#used) {
      throw new ContextError(
        'ERR_TOKEN_USED',
        `LogToken of '${keys}' has already been used; bind again for a new one.`,
      );
    }
    const frame = currentFrame();
    if (frame?.cell !== this.#cell || this.#before.some(({ key, place }) => placeOf(frame, key) !== place)) {
      throw new ContextError(
        'ERR_TOKEN_FOREIGN_CONTEXT',
        `LogToken of '${keys}' was created in a different Context; reset it where the bind was made.`,
      );
    }
    for (const { key, place } of this.#before) {
      if (place instanceof Slot && place.lease.ended) throw blockEnded(key);
    }
    restore(this.#cell, this.#before);
    this.#used = true;
  }

  static {
    newLogToken = (cell, before) => new LogToken(KEY, cell, before);
    resetToken = (token) => {
      if (typeof token !== 'object' || token === null || !(#used in token)) {
        throw wrongArgument('resetLogContext', 'a LogToken', token);
      }
      token.#reset();
    };
  }
}

function restore(cell: Cell, before: readonly BoundBefore[]): void {
  const permanent: [string, LogValue | undefined][] = [];
  for (const { key, place, old } of before) {
    if (place instanceof Slot) place.write(old);
    else permanent.push([key, old]);
  }
  if (permanent.length > 0) rebind(cell, permanent);
}

/**
 * Sets the keys of the bind that made `token`, and only those, back to what they were before it, unbound included.
 * Tokens need not be used last-in-first-out. Source: structlog's `reset_contextvars`.
 *
 * @throws ContextError `ERR_TOKEN_USED`, `ERR_TOKEN_FOREIGN_CONTEXT` (used elsewhere than where the bind was made),
 * `ERR_SCOPE_ENDED`; each changes nothing.
 *
 * @example
 * const token = bindLogContext({ step: 'charge' });
 * resetLogContext(token);
 */
export function resetLogContext(token: LogToken): void {
  resetToken(token);
}
