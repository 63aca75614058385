import { unmarkedSubclass } from './errors.js';
import { type Class, extendsContextScoped, isContextScoped } from './internal.js';
import { recipeOf } from './tsyringe-class.js';
import { passingContextErrors } from './tsyringe-failures.js';
import { type Container, classOf } from './tsyringe-internals.js';
import type { Tsyringe } from './tsyringe-library.js';
import { standInIn } from './tsyringe-stand-ins.js';

const known = new WeakSet<object>();

/**
 * Makes the containers of a copy of tsyringe give the stand-in wherever they would construct a class that is marked.
 *
 * A registration of the class would do for `resolve(X)` alone: `{ useClass: X }`, `@singleton()` in either order, a class
 * that is marked later and a container that was `reset()` would go on with one plain instance for all units of work.
 */
export function putStandInsInto({ container, injectable }: Tsyringe): void {
  const { prototype } = classOf(container) as { prototype: Container };
  if (known.has(prototype)) return;
  known.add(prototype);
  const { construct } = prototype;
  prototype.construct = function (this: Container, type, resolution) {
    if (extendsContextScoped(type)) throw unmarkedSubclass(type as Class);
    return passingContextErrors(() =>
      isContextScoped(type)
        ? standInIn(this, type as Class, (owner) => recipeOf(type as Class, owner, construct, injectable))
        : construct.call(this, type, resolution),
    );
  };
}
