import { wrongArgument } from '../core/internal.js';
import type { Class } from './scoped.js';

const marked = new WeakSet<Class>();

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
  };
}

/** Whether `type` itself is marked: a subclass has to be marked on its own. */
export function isContextScoped(type: unknown): boolean {
  return typeof type === 'function' && marked.has(type as unknown as Class);
}
