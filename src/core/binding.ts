import { inspect } from 'node:util';
import { wrongArgument } from './arguments.js';
import type { Frame } from './frame.js';
import { push } from './overlay.js';
import { type Bindable, type Lease, Slot } from './slot.js';

const KEY = Symbol('binding');

export let newBinding: <T>(variable: Bindable, value: T) => Binding<T>;
/** @throws TypeError where it is no binding. */
export let requireBinding: (where: string, binding: unknown) => void;
/** `frame` with the binding over it. @throws TypeError where it is no binding. */
export let pushBinding: (where: string, frame: Frame, binding: unknown, lease: Lease) => Frame;

/**
 * A variable with the value it shall have in a temporary scope. Made by `ContextVar.as` and `ScopedValue.as`
 * for `withTempContext` and `@WithTempContext`; says nothing by itself.
 */
export class Binding<T> {
  readonly #variable: Bindable;
  readonly #value: T;

  /** Bindings are made by `as` only: anything else is a TypeError. */
  private constructor(key: typeof KEY, variable: Bindable, value: T) {
    if (key !== KEY || new.target !== Binding)
      throw new TypeError('Binding: made by variable.as(value) only');
    this.#variable = variable;
    this.#value = value;
  }

  /** The name of the variable. */
  get name(): string {
    return this.#variable.name;
  }

  [inspect.custom](): string {
    return `Binding { '${this.#variable.name}' }`;
  }

  static {
    newBinding = (variable, value) => new Binding(KEY, variable, value);
    requireBinding = (where, binding) => {
      if (typeof binding !== 'object' || binding === null || !(#variable in binding)) {
        throw wrongArgument(where, 'bindings made by variable.as(value)', binding);
      }
    };
    pushBinding = (where, frame, binding, lease) => {
      // Here and not by the function above: this is what a short temporary scope mostly does.
      if (typeof binding !== 'object' || binding === null || !(#variable in binding)) {
        requireBinding(where, binding);
        return frame;
      }
      return push(frame, new Slot(binding.#variable, binding.#value, lease));
    };
  }
}
