import { wrongArgument } from '../core/internal.js';
import type { Class } from './scoped.js';

const marked = new Set<Class>();
const listeners: ((type: Class) => void)[] = [];

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
    const own = type as unknown as Class;
    if (marked.has(own)) return;
    marked.add(own);
    for (const listener of listeners) listener(own);
  };
}

/** Whether `type` itself is marked: a subclass has to be marked on its own. */
export function isContextScoped(type: unknown): boolean {
  return marked.has(type as Class);
}

/** Calls `listener` for each class that is marked, also before. */
export function onContextScoped(listener: (type: Class) => void): void {
  for (const type of marked) listener(type);
  listeners.push(listener);
}
