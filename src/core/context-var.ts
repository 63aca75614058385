import { type InspectOptions, inspect } from 'node:util';
import { optionsOf, requireFunction, requireName, wrongArgument } from './arguments.js';
import { Binding } from './binding.js';
import type { Cell } from './cell.js';
import type { Codec } from './codec.js';
import { ContextError } from './context-error.js';
import { currentFrame } from './foreign-context.js';
import type { Frame } from './frame.js';
import { declare, type LogOptions, readDeclaration } from './log-declared.js';
import { inForce, nearest, push } from './overlay.js';
import { registerPortable } from './portable-variables.js';
import { runFrame } from './run-frame.js';
import { PERMANENT, Slot } from './slot.js';
import { storage } from './storage.js';
import { checkToken, newToken, Token, useToken } from './token.js';
import { inSomeUnit } from './unit-extent.js';
import { warnIfInsideUnit } from './variable-warning.js';
import { list, nextIndex } from './variables.js';

let readSlowly: (variable: ContextVar<unknown>, args: ArrayLike<unknown>) => unknown;

// Called in place of the private method: that one, though hardly ever called, would cost `get` a fifth of its time.
function getSlowly(variable: ContextVar<unknown>, args: ArrayLike<unknown>): unknown {
  return readSlowly(variable, args);
}

/** The place of a variable in every cell; undefined where it is no ContextVar. */
export let indexOf: (variable: ContextVar<unknown>) => number | undefined;
/** What a variable is bound to at `frame`, `Token.MISSING` where it is not; its default does not count. */
export let boundAt: (variable: ContextVar<unknown>, frame: Frame | undefined) => unknown;

// An import is read anew at each use; this is a constant to the compiler, which `get` notices.
const als = storage;

export interface ContextVarOptions<T> {
  /** What `get` gives where the variable is unset. Default: none, `get` throws `ERR_VAR_UNSET`. */
  readonly default?: T;
  /** Keeps the value out of `inspect`, JSON, error messages, logs and diagnostics. Default: false. */
  readonly secret?: boolean;
  /**
   * Lets the variable cross process boundaries, written by this codec and found there by its name, which no other
   * portable variable may have. With `secret` only a codec that encrypts (`confidential`). Default: it never leaves
   * the process.
   */
  readonly codec?: Codec<T>;
  /**
   * Has the value appear in log records, under this key, wherever the variable is set; see `logFields`. Not with
   * `secret`. Default: it does not appear there.
   */
  readonly log?: string | LogOptions<T>;
}

/**
 * A context variable: one object, made once at module level, whose value depends on the Context that the
 * running code is in. Source: PEP 567.
 *
 * @example
 * const tenant = new ContextVar<string>('tenant');
 * tenant.run('acme', () => console.log(tenant.get())); // acme
 */
export class ContextVar<T> {
  readonly #name: string;
  /** @internal Its place in every cell. Not private: that costs `get` a tenth of its time. */
  readonly index: number;
  readonly #default: T | undefined;
  readonly #hasDefault: boolean;
  readonly #secret: boolean;
  readonly #codec: Codec<T> | undefined;

  /**
   * @throws TypeError where `name` is not a non-empty string, an option has the wrong type, or a secret variable a log
   * key or a codec that does not encrypt; ContextError `ERR_DUPLICATE_NAME` where another portable variable has the
   * name, or another variable the log key.
   */
  constructor(name: string, options?: ContextVarOptions<T>) {
    requireName('ContextVar', name);
    if (new.target !== ContextVar) throw new TypeError('ContextVar: cannot be subclassed');
    const { secret = false, codec, log, ...rest } = optionsOf(`ContextVar '${name}'`, options) ?? {};
    if (typeof secret !== 'boolean')
      throw wrongArgument(`ContextVar '${name}'`, 'a boolean as secret', secret);
    if (codec !== undefined && (typeof codec?.encode !== 'function' || typeof codec.decode !== 'function')) {
      throw wrongArgument(`ContextVar '${name}'`, 'a codec with encode and decode', codec);
    }
    if (secret && codec !== undefined && codec.confidential !== true) {
      throw new TypeError(
        `ContextVar '${name}': a secret leaves the process only by a codec that encrypts and says so (confidential: true)`,
      );
    }
    const declaration = readDeclaration(`ContextVar '${name}'`, { log, secret, name }, ContextVar);
    this.#name = name;
    if (codec !== undefined) registerPortable(this as ContextVar<unknown>, ContextVar);
    this.index = nextIndex();
    this.#hasDefault = 'default' in rest;
    this.#default = rest.default;
    this.#secret = secret;
    this.#codec = codec;
    list(this.index, this as ContextVar<unknown>);
    if (declaration !== undefined) declare(this as ContextVar<unknown>, declaration);
    warnIfInsideUnit('ContextVar', name);
  }

  get name(): string {
    return this.#name;
  }

  get secret(): boolean {
    return this.#secret;
  }

  get codec(): Codec<T> | undefined {
    return this.#codec;
  }

  /** @internal What tells it from a ScopedValue. */
  get scoped(): false {
    return false;
  }

  /**
   * The value in the current Context, else the default, or, where one is given, `fallback` (also when that
   * is `undefined`).
   *
   * @throws ContextError `ERR_VAR_UNSET` where there is neither a value, a fallback nor a default.
   */
  get(): T;
  get<D>(fallback: D): T | D;
  get(_fallback?: unknown): unknown {
    // The one path that has to be short enough to be inlined.
    const frame = als.getStore();
    if (frame !== undefined) {
      const value = frame.bare.read(this.index);
      if (value !== undefined) return value;
    }
    // biome-ignore lint/complexity/noArguments: tells get(undefined) from get() at no cost
    return getSlowly(this as ContextVar<unknown>, arguments);
  }

  /**
   * Sets the value in the current Context, for the whole unit of work: callers that awaited this code see it,
   * branches of a plain `Promise.all` share it; `gather` and `createTask` fork. Inside a `run` or temporary
   * scope of this variable it changes that binding.
   *
   * @throws ContextError `ERR_NO_ACTIVE_CONTEXT` outside any Context; `ERR_SCOPE_ENDED` in work left running
   * by a temporary scope of this variable that has ended.
   */
  set(value: T): Token<T> {
    const frame = currentFrame();
    if (frame === undefined) {
      throw new ContextError(
        'ERR_NO_ACTIVE_CONTEXT',
        `ContextVar '${this.#name}' cannot be set outside any context; use run(value, fn), new Context().run or runUnitOfWork.`,
      );
    }
    const place = this.#place(frame);
    if (place instanceof Slot) {
      if (place.lease.ended) throw this.#ended();
      const token = newToken(this, place.read() as T, place);
      place.write(value);
      return token;
    }
    const old = place.read(this.index) as T;
    const isSet = old !== undefined || place.has(this.index);
    const token = newToken(this, isSet ? old : Token.MISSING, place);
    place.write(this.index, value);
    return token;
  }

  /**
   * Sets the variable back to what it was before the `set` that made `token`, unset included. Tokens need
   * not be used last-in-first-out: an outer one restores over inner sets that were not reset (PEP 567).
   *
   * @throws ContextError `ERR_TOKEN_USED`, `ERR_TOKEN_FOREIGN_VAR`, `ERR_TOKEN_FOREIGN_CONTEXT` (used
   * elsewhere than where the set was made), `ERR_SCOPE_ENDED`; each changes nothing.
   */
  reset(token: Token<T>): void {
    const made = checkToken(token, this);
    const frame = currentFrame();
    const place = frame && this.#place(frame);
    if (place !== made) {
      throw new ContextError(
        'ERR_TOKEN_FOREIGN_CONTEXT',
        `Token of '${this.#name}' was created in a different Context; reset it where the set was made.`,
      );
    }
    if (place instanceof Slot) {
      if (place.lease.ended) throw this.#ended();
      place.write(token.oldValue);
    } else {
      const old = token.oldValue;
      if (old === Token.MISSING) place.unset(this.index);
      else place.write(this.index, old);
    }
    useToken(token as Token<never>);
  }

  /**
   * Runs `fn` with `value`: `fn`, and all that it starts, sees it, for good; nobody else ever does. Other
   * variables that `fn` sets are set for the unit of work.
   */
  run<R>(value: T, fn: () => R): R {
    const frame = als.getStore();
    if (frame === undefined || typeof fn !== 'function') return runElsewhere(this, value, fn);
    return runFrame(push(frame, new Slot(this, value, PERMANENT)), fn);
  }

  /** This variable with `value`, for `withTempContext` and `@WithTempContext`. */
  as(value: T): Binding<T> {
    return new Binding<T>(this, value);
  }

  toString(): string {
    return `ContextVar '${this.#name}'`;
  }

  toJSON(): { name: string } {
    return { name: this.#name };
  }

  [inspect.custom](depth: number, options: InspectOptions): string {
    if (!this.#hasDefault || this.#secret)
      return `ContextVar { '${this.#name}'${this.#secret ? ', secret' : ''} }`;
    const shown = depth < 1 ? '...' : inspect(this.#default, { ...options, depth: depth - 1 });
    return `ContextVar { '${this.#name}', default: ${shown} }`;
  }

  #getSlowly(args: ArrayLike<unknown>): unknown {
    const found = this.#find(currentFrame());
    if (found !== Token.MISSING) return found;
    if (args.length > 0) return args[0];
    if (this.#hasDefault) return this.#default;
    throw new ContextError(
      'ERR_VAR_UNSET',
      `ContextVar '${this.#name}' has no value in the current context; set it, give it a default, or use get(fallback).`,
    );
  }

  /** Where a `set` goes: the innermost binding, else the Context. */
  #place(frame: Frame): Slot | Cell {
    return (frame.slot === undefined ? undefined : nearest(frame, this)) ?? frame.cell;
  }

  #find(frame: Frame | undefined): unknown {
    if (frame === undefined) return Token.MISSING;
    const slot = frame.slot === undefined ? undefined : inForce(frame, this);
    if (slot !== undefined) return slot.read();
    return frame.cell.has(this.index) ? frame.cell.read(this.index) : Token.MISSING;
  }

  #ended(): ContextError {
    return new ContextError(
      'ERR_SCOPE_ENDED',
      `The temporary scope of ContextVar '${this.#name}' has ended; work that outlives it cannot set the variable. ` +
        'Open a scope of its own inside that work.',
    );
  }

  static {
    readSlowly = (variable, args) => variable.#getSlowly(args);
    indexOf = (variable) => (#name in variable ? variable.index : undefined);
    boundAt = (variable, frame) => variable.#find(frame);
  }
}

/** `run` outside any context of ours: in one that another library has opened, or in a unit of work of its own. */
function runElsewhere<T, R>(variable: ContextVar<T>, value: T, fn: () => R): R {
  requireFunction(`${variable}.run`, fn);
  return inSomeUnit('run', (frame) => runFrame(push(frame, new Slot(variable, value, PERMANENT)), fn));
}
