import { type Recipe, Scoped, standInFor } from './internal.js';
import type { Container } from './tsyringe-internals.js';
import { kept } from './tsyringe-kept.js';
import { ownerOf } from './tsyringe-unit-container.js';

/** One for each container, by the class or the factory. */
const made = new WeakMap<Container, Map<object, object>>();

/** What stands for `key` in everything that `container` makes. */
export function standInIn<T extends object>(
  container: Container,
  key: object,
  recipe: (owner: Container) => Recipe<T>,
): T {
  const owner = ownerOf(container);
  const standIns = kept(made, owner, () => new Map<object, object>());
  return kept(standIns, key, () => standInFor(new Scoped(recipe(owner)))) as T;
}
