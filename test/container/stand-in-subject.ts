import { Scoped, standInFor } from '../../src/container/internal.js';
import type { Recipe } from '../../src/container/scoped.js';

export interface Subject<T extends object> {
  readonly standIn: T;
  readonly scoped: Scoped<T>;
  /** The instances themselves, in the order in which they were made. */
  readonly made: readonly T[];
}

type Rest<T extends object> = Partial<Omit<Recipe<T>, 'make'>>;

/** A stand-in for what `make` gives, of which nothing is known. */
export function standInOf<T extends object>(make: () => T, rest: Rest<T> = {}): Subject<T> {
  const made: T[] = [];
  const scoped = new Scoped<T>({
    name: 'Subject',
    ...rest,
    make() {
      const instance = make();
      made.push(instance);
      return instance;
    },
  });
  return { standIn: standInFor(scoped), scoped, made };
}

/** A stand-in for the instances of a class. */
export function standInOfClass<T extends object>(type: new () => T): Subject<T> {
  return standInOf(() => new type(), { name: type.name, type });
}
