import { inspect } from 'node:util';
import { optionsOf, requireFunction, requireName, wrongArgument } from './arguments.js';
import { Binding } from './binding.js';
import { ContextError } from './context-error.js';
import { currentFrame } from './foreign-context.js';
import { declare, type LogOptions, readDeclaration } from './log-declared.js';
import { nearest } from './overlay.js';
import { CAPTURED, PERMANENT, Slot } from './slot.js';
import { storage } from './storage.js';
import { runBound } from './temp-scope.js';
import { inSomeUnit } from './unit-extent.js';
import { warnIfInsideUnit } from './variable-warning.js';
import { nextIndex } from './variables.js';

// A constant to the compiler; an import is read anew at each use.
const als = storage;

export interface ScopedValueOptions<T = unknown> {
  /** Keeps the value out of `inspect`, JSON, error messages, logs and diagnostics. Default: false. */
  readonly secret?: boolean;
  /**
   * Has the value appear in log records, under this key, wherever it can be read; see `logFields`. Where it cannot, the
   * record goes without it. Not with `secret`. Default: it does not appear there.
   */
  readonly log?: string | LogOptions<T>;
}

/**
 * A value that must not outlive its scope: an identity, a role, the tenant of an admin session. It has one
 * base per unit of work and temporary bindings over it. A temporary binding is never captured, never seen by
 * siblings, and gone when its call settles; work that outlives it gets an error, never another level.
 * Never leaves the process. The name and the idea are Java's (JEP 506).
 *
 * @example
 * const role = new ScopedValue<'clerk' | 'ledger-writer'>('role');
 * runUnitOfWork({ kind: 'demo' }, () => {
 *   role.bind('clerk');
 *   role.run('ledger-writer', () => console.log(role.get())); // ledger-writer
 *   console.log(role.get()); // clerk
 * });
 */
export class ScopedValue<T> {
  readonly #name: string;
  /** @internal Its place in every cell. Not private: that costs `get` a tenth of its time. */
  readonly index: number;
  readonly #secret: boolean;
  // Only `get` gives it out; keeps ScopedValue<A> and ScopedValue<B> apart for the type checker.
  declare protected readonly valueType: T;

  /**
   * @throws TypeError where `name` is not a non-empty string, an option has the wrong type, or a secret value a log
   * key; ContextError `ERR_DUPLICATE_NAME` where another variable has the log key.
   */
  constructor(name: string, options?: ScopedValueOptions<T>) {
    requireName('ScopedValue', name);
    if (new.target !== ScopedValue) throw new TypeError('ScopedValue: cannot be subclassed');
    const { secret = false, log } = optionsOf(`ScopedValue '${name}'`, options) ?? {};
    if (typeof secret !== 'boolean')
      throw wrongArgument(`ScopedValue '${name}'`, 'a boolean as secret', secret);
    const declaration = readDeclaration(`ScopedValue '${name}'`, { log, secret, name }, ScopedValue);
    this.#name = name;
    this.index = nextIndex();
    this.#secret = secret;
    if (declaration !== undefined) declare(this, declaration);
    warnIfInsideUnit('ScopedValue', name);
  }

  get name(): string {
    return this.#name;
  }

  get secret(): boolean {
    return this.#secret;
  }

  /** @internal What tells it from a ContextVar. */
  get scoped(): true {
    return true;
  }

  /**
   * The innermost temporary value, else the base of the unit of work, else `fallback` where one is given.
   *
   * @throws ContextError `ERR_VAR_UNSET` where there is none of them; `ERR_SCOPE_ENDED`, with a fallback too,
   * in work that was captured while a temporary binding was in force, or left running by one that has ended.
   */
  get(): T;
  get<D>(fallback: D): T | D;
  get(fallback?: unknown): unknown {
    const frame = currentFrame();
    if (frame !== undefined) {
      const slot = frame.slot === undefined ? undefined : nearest(frame, this);
      if (slot !== undefined) {
        const bound = slot.read();
        if (slot.lease.ended || bound === CAPTURED) throw this.#ended();
        return bound;
      }
      const value = frame.cell.read(this.index);
      if (value !== undefined || frame.cell.has(this.index)) return value;
    }
    // biome-ignore lint/complexity/noArguments: tells get(undefined) from get() at no cost
    if (arguments.length > 0) return fallback;
    throw new ContextError(
      'ERR_VAR_UNSET',
      `ScopedValue '${this.#name}' has no value here; bind it where the unit of work begins, or use run(value, fn).`,
    );
  }

  /**
   * Binds the base, once per unit of work (and per Context, where the unit has several), where it begins. Work that was captured under a temporary binding
   * may bind a base of its own, once.
   *
   * @throws ContextError `ERR_NO_ACTIVE_CONTEXT` outside any; `ERR_ALREADY_BOUND` where there is a base or a
   * temporary binding already; `ERR_SCOPE_ENDED` in work left running by a temporary binding.
   */
  bind(value: T): void {
    const frame = currentFrame();
    if (frame === undefined) {
      throw new ContextError(
        'ERR_NO_ACTIVE_CONTEXT',
        `ScopedValue '${this.#name}' cannot be bound outside any unit of work; use run(value, fn) or runUnitOfWork.`,
      );
    }
    const slot = frame.slot === undefined ? undefined : nearest(frame, this);
    if (slot?.lease === PERMANENT && slot.read() === CAPTURED) {
      slot.write(value);
      return;
    }
    if (slot?.lease.ended) throw this.#ended();
    if (slot !== undefined || frame.cell.has(this.index)) {
      throw new ContextError(
        'ERR_ALREADY_BOUND',
        `ScopedValue '${this.#name}' is already bound in this unit of work; use run(value, fn) for another value.`,
      );
    }
    frame.cell.write(this.index, value);
  }

  /**
   * Runs `fn` with `value` until the call settles. A stream as result is refused with `ERR_LAZY_RESULT`; an
   * iterator or Observable keeps the value while it is consumed.
   */
  run<R>(value: T, fn: () => R): R {
    const outer = als.getStore();
    if (outer === undefined || typeof fn !== 'function') return runElsewhere(this, value, fn);
    return runBound(outer, new Slot(this, value), fn);
  }

  /** This scoped value with `value`, for `withTempContext` and `@WithTempContext`. */
  as(value: T): Binding<T> {
    return new Binding<T>(this, value);
  }

  toString(): string {
    return `ScopedValue '${this.#name}'`;
  }

  toJSON(): { name: string } {
    return { name: this.#name };
  }

  [inspect.custom](): string {
    return `ScopedValue { '${this.#name}'${this.#secret ? ', secret' : ''} }`;
  }

  #ended(): ContextError {
    return new ContextError(
      'ERR_SCOPE_ENDED',
      `The temporary binding of ScopedValue '${this.#name}' does not reach here: this work outlives it or was ` +
        'captured under it. Bind it again inside: run(value, fn).',
    );
  }
}

/** `run` outside any context of ours: in one that another library has opened, or in a unit of work of its own. */
function runElsewhere<T, R>(scoped: ScopedValue<T>, value: T, fn: () => R): R {
  requireFunction(`${scoped}.run`, fn);
  return inSomeUnit('temporary', (outer) => runBound(outer, new Slot(scoped, value), fn));
}
