import { wrongArgument } from '../core/internal.js';
import type { Class } from './scoped.js';

const marked = new WeakSet<Class>();

/** The part of reflect-metadata that is used where it is present. */
interface MetadataReflect {
  defineMetadata?(key: string, value: unknown, target: object): void;
}

/**
 * `Scope.REQUEST` of Nest, under its own key. Where nobody refuses a class that stands in `providers` itself (a module that is loaded
 * later on, a subclass that is not marked), Nest makes it for each request, as before, and not one for all of them.
 */
const REQUEST = 2;

/**
 * Marks a class of which each unit of work gets an instance of its own. The class itself stays as it is: `new X()`
 * makes a plain instance.
 *
 * @throws TypeError where it is put on something else than a class.
 *
 * @example
 * \@ContextScoped()
 * class Cart {
 *   readonly items: string[] = [];
 * }
 */
export function ContextScoped(): ClassDecorator {
  return (type) => {
    if (typeof type !== 'function') throw wrongArgument('@ContextScoped', 'a class', type);
    marked.add(type as unknown as Class);
    (Reflect as MetadataReflect).defineMetadata?.('scope:options', { scope: REQUEST }, type);
  };
}

/** Whether `type` is not marked, but what it extends is. */
export function extendsContextScoped(type: unknown): boolean {
  if (isContextScoped(type)) return false;
  for (let base = type; typeof base === 'function'; base = Object.getPrototypeOf(base))
    if (isContextScoped(base)) return true;
  return false;
}

/** Whether `type` itself is marked: a subclass has to be marked on its own. */
export function isContextScoped(type: unknown): boolean {
  return typeof type === 'function' && marked.has(type as unknown as Class);
}
