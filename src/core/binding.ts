import { inspect } from 'node:util';
import { wrongArgument } from './arguments.js';
import { type Bindable, type Lease, Slot } from './slot.js';

/** The slot of a binding under `lease`, or under its own. @throws TypeError where it is no binding. */
export let slotOf: (binding: unknown, lease?: Lease) => Slot;
/** @throws TypeError where it is no binding. */
export let requireBinding: (where: string, binding: unknown) => void;

/**
 * A variable with the value it shall have in a temporary scope. Made by `ContextVar.as` and `ScopedValue.as`
 * for `withTempContext` and `@WithTempContext`; says nothing by itself.
 */
export class Binding<T> {
  readonly #madeByAs: Bindable;
  readonly #value: T;

  /** @internal */
  constructor(variable: Bindable, value: T) {
    this.#madeByAs = variable;
    this.#value = value;
  }

  /** The name of the variable. */
  get name(): string {
    return this.#madeByAs.name;
  }

  [inspect.custom](): string {
    return `Binding { '${this.name}' }`;
  }

  static {
    requireBinding = (where, binding) => {
      if (typeof binding === 'object' && binding !== null && #value in binding) return;
      throw wrongArgument(where, 'bindings made by variable.as(value)', binding);
    };
    // Checked by the read itself, whose TypeError names the field: a check of its own, and the slowest scopes would be
    // those of one binding, which no longer fit into what the compiler takes whole.
    slotOf = (binding, lease) => {
      const known = binding as Binding<unknown>;
      return new Slot(known.#madeByAs, known.#value, lease);
    };
  }
}
