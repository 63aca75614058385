import type { DependencyContainer } from 'tsyringe';
import { optionsOf, requireFunction, requireOptionalString } from '../core/internal.js';
import type { Class } from './internal.js';
import { explaining } from './tsyringe-errors.js';
import type { Container } from './tsyringe-internals.js';
import { standInIn } from './tsyringe-stand-ins.js';
import { unitContainer } from './tsyringe-unit-container.js';

export interface ContextScopedFactoryOptions<T extends object = object> {
  /** What messages call it. Default: the name of the function. */
  readonly name?: string;
  /** The class of what is made, which is then what the stand-in looks like where there is no instance. */
  readonly type?: Class<T>;
  /** What is made is itself a function, to be called. Default: false. */
  readonly callable?: boolean;
}

const factories = new WeakSet<object>();

/**
 * Makes a factory for tsyringe's `useFactory` of which each unit of work gets an instance of its own: `factory` is called
 * on first use, with the container of the unit of work. One that gives a promise has to be awaited by `loadScoped` before.
 *
 * @throws TypeError where `factory` is not a function, `name` no text or `type` no class. What `factory` throws arrives where the instance is used.
 *
 * @example
 * container.register('Connection', {
 *   useFactory: contextScopedFactory((c) => new Connection(c.resolve(Config)), { name: 'Connection' }),
 * });
 */
export function contextScopedFactory<T extends object>(
  factory: (container: DependencyContainer) => T | PromiseLike<T>,
  options?: ContextScopedFactoryOptions<T>,
): (container: DependencyContainer) => T {
  const where = 'contextScopedFactory';
  requireFunction(where, factory);
  const { name = factory.name || 'a factory', type, callable } = optionsOf(where, options) ?? {};
  requireOptionalString(where, 'name', name);
  if (type !== undefined) requireFunction(`${where}: type`, type);
  const key = (container: DependencyContainer): T =>
    standInIn(container as Container, key, (owner) => ({
      name,
      type,
      callable,
      make: () => explaining(name, () => factory(unitContainer(owner))),
    }));
  factories.add(key);
  return key;
}

export function isContextScopedFactory(
  factory: unknown,
): factory is (container: DependencyContainer) => object {
  return typeof factory === 'function' && factories.has(factory);
}
