import { inspect } from 'node:util';
import { wrongArgument } from './arguments.js';
import type { Frame } from './frame.js';
import { push } from './overlay.js';
import { type Bindable, type Lease, Slot } from './slot.js';

const KEY = Symbol('binding');

let isBinding: (value: unknown) => value is Binding<unknown>;
/** @throws TypeError where it is one by its prototype only. */
let slotOf: (binding: Binding<unknown>, lease: Lease) => Slot;
export let newBinding: <T>(variable: Bindable, value: T) => Binding<T>;

/**
 * A variable with the value it shall have in a temporary scope. Made by `ContextVar.as` and `ScopedValue.as`
 * for `withTempContext` and `@WithTempContext`; says nothing by itself.
 */
export class Binding<T> {
  /** @internal */
  readonly variable: Bindable;
  readonly #value: T;

  /** Bindings are made by `as` only: anything else is a TypeError. */
  private constructor(key: typeof KEY, variable: Bindable, value: T) {
    if (key !== KEY) throw new TypeError('Binding: made by variable.as(value) only');
    this.variable = variable;
    this.#value = value;
  }

  /** The name of the variable. */
  get name(): string {
    return this.variable.name;
  }

  [inspect.custom](): string {
    return `Binding { '${this.name}' }`;
  }

  static {
    newBinding = (variable, value) => new Binding(KEY, variable, value);
    isBinding = (value): value is Binding<unknown> =>
      typeof value === 'object' && value !== null && #value in value;
    slotOf = (binding, lease) => new Slot(binding.variable, binding.#value, lease);
  }
}

/** @throws TypeError where it is no binding. */
export function requireBinding(where: string, binding: unknown): asserts binding is Binding<unknown> {
  if (!(binding instanceof Binding))
    throw wrongArgument(where, 'bindings made by variable.as(value)', binding);
}

/** `frame` with the binding over it. */
export function pushBinding(where: string, frame: Frame, binding: unknown, lease: Lease): Frame {
  // Quicker than the check itself, which all else fails.
  if (!(binding instanceof Binding)) requireBinding(where, binding);
  return push(frame, slotOf(binding as Binding<unknown>, lease));
}
