import { inspect } from 'node:util';
import { wrongArgument } from './arguments.js';
import { type Bindable, type Lease, Slot } from './slot.js';

/** The slot of a binding under `lease`. @throws TypeError where it is no binding. */
export let slotOf: (binding: unknown, lease: Lease) => Slot;
/** @throws TypeError where it is no binding. */
export let requireBinding: (where: string, binding: unknown) => void;

/**
 * A variable with the value it shall have in a temporary scope. Made by `ContextVar.as` and `ScopedValue.as`
 * for `withTempContext` and `@WithTempContext`; says nothing by itself.
 */
export class Binding<T> {
  readonly #variable: Bindable;
  readonly #value: T;

  /** @internal */
  constructor(variable: Bindable, value: T) {
    this.#variable = variable;
    this.#value = value;
  }

  /** The name of the variable. */
  get name(): string {
    return this.#variable.name;
  }

  [inspect.custom](): string {
    return `Binding { '${this.name}' }`;
  }

  static {
    requireBinding = (where, binding) => {
      if (typeof binding === 'object' && binding !== null && #value in binding) return;
      throw wrongArgument(where, 'bindings made by variable.as(value)', binding);
    };
    slotOf = (binding, lease) => {
      // Quicker than the check itself, which all else fails.
      if (!(binding instanceof Binding)) requireBinding('A temporary scope', binding);
      const known = binding as Binding<unknown>;
      return new Slot(known.#variable, known.#value, lease);
    };
  }
}
