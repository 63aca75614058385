import { type InspectOptions, inspect } from 'node:util';
import { wrongArgument } from './arguments.js';
import type { Cell } from './cell.js';
import { ContextError } from './context-error.js';
import type { ContextVar } from './context-var.js';
import type { Slot } from './slot.js';

const MISSING: unique symbol = Symbol('Token.MISSING');
const KEY = Symbol('token');

export let newToken: <T>(
  variable: ContextVar<T>,
  oldValue: T | typeof MISSING,
  place: Slot | Cell,
) => Token<T>;
/** Where the token's set was made, if the token is unused and of `variable`. */
export let checkToken: <T>(token: Token<T>, variable: ContextVar<T>) => Slot | Cell;
export let useToken: (token: Token<never>) => void;

/**
 * What `ContextVar.set` returns, for `ContextVar.reset`. Good for one reset of the same variable in the
 * place where the set was made. Source: PEP 567; as a Disposable, Python 3.14's token as context manager.
 *
 * A token that is held over an `await` shows its value to everything that runs in between in the same unit
 * of work, siblings in a `Promise.all` included. For a value that must not be seen elsewhere use
 * `withTempContext`.
 *
 * @example
 * {
 *   using token = tenant.set('acme'); // back to what it was at the end of the block
 * }
 */
export class Token<T> {
  /** The `oldValue` of a token whose variable was unset before. */
  static readonly MISSING: typeof MISSING = MISSING;

  readonly #var: ContextVar<T>;
  readonly #oldValue: T | typeof MISSING;
  readonly #place: Slot | Cell;
  #used = false;

  /** Tokens are made by `ContextVar.set` only: anything else is a TypeError. */
  private constructor(
    key: typeof KEY,
    variable: ContextVar<T>,
    oldValue: T | typeof MISSING,
    place: Slot | Cell,
  ) {
    if (key !== KEY) throw new TypeError('Token: made by ContextVar.set only');
    this.#var = variable;
    this.#oldValue = oldValue;
    this.#place = place;
  }

  /** The variable that was set. */
  get var(): ContextVar<T> {
    return this.#var;
  }

  /** The value before the set, or `Token.MISSING`. */
  get oldValue(): T | typeof MISSING {
    return this.#oldValue;
  }

  /** Resets the variable, as `token.var.reset(token)` does, with the same errors. */
  [Symbol.dispose](): void {
    this.#var.reset(this);
  }

  [inspect.custom](depth: number, options: InspectOptions): string {
    return `Token {${this.#used ? ' used,' : ''} var: ${inspect(this.#var, { ...options, depth: depth - 1 })} }`;
  }

  static {
    newToken = (variable, oldValue, place) => new Token(KEY, variable, oldValue, place);
    // The order of the checks is CPython's: used, variable, context. A failed one changes nothing.
    checkToken = (token, variable) => {
      if (typeof token !== 'object' || token === null || !(#used in token)) {
        throw wrongArgument(`ContextVar '${variable.name}'.reset`, 'a Token', token);
      }
      if (token.#used) {
        throw new ContextError(
          'ERR_TOKEN_USED',
          `Token of '${token.#var.name}' has already been used; set again for a new one.`,
        );
      }
      if ((token.#var as unknown) !== variable) {
        throw new ContextError(
          'ERR_TOKEN_FOREIGN_VAR',
          `Token of '${token.#var.name}' was created by a different variable than '${variable.name}'; ` +
            'reset each variable with its own token.',
        );
      }
      return token.#place;
    };
    useToken = (token) => {
      token.#used = true;
    };
  }
}
