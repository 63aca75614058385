import { bindContext, ContextVar, copyContext } from '../../src/core/index.js';

// The two classes of TC39's AsyncContext proposal (Stage 2), over a ContextVar and a copied Context. A program that
// never calls `set` cannot tell a Context from the proposal's immutable mapping.

type AnyFunction = (...args: never[]) => unknown;

export interface VariableOptions<T> {
  readonly name?: string;
  readonly defaultValue?: T;
}

export class Variable<T> {
  readonly #name: string;
  readonly #default: T | undefined;
  readonly #variable: ContextVar<T>;

  constructor({ name = '', defaultValue }: VariableOptions<T> = {}) {
    this.#name = String(name);
    this.#default = defaultValue;
    // Ours need a name: it is what their errors begin with.
    this.#variable = new ContextVar<T>(this.#name || 'anonymous');
  }

  get name(): string {
    return this.#name;
  }

  get(): T | undefined {
    return this.#variable.get(this.#default);
  }

  run<R, A extends unknown[]>(value: T, fn: (...args: A) => R, ...args: A): R {
    return this.#variable.run(value, () => fn(...args));
  }
}

export class Snapshot {
  readonly #context = copyContext();

  run<R, A extends unknown[]>(fn: (...args: A) => R, ...args: A): R {
    return this.#context.run(fn, ...args);
  }

  static wrap<F extends AnyFunction>(fn: F): F {
    return bindContext(fn);
  }
}
