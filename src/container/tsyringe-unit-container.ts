import type { InjectionToken } from 'tsyringe';
import { currentFrame } from '../core/internal.js';
import { passingErrors } from './tsyringe-failures.js';
import {
  type Container,
  type ContainerClass,
  classOf,
  type Registration,
  type Resolution,
} from './tsyringe-internals.js';
import { kept } from './tsyringe-kept.js';
import { tsyringe } from './tsyringe-library.js';
import type { UnitInstances } from './unit-instances.js';

const { Lifecycle } = tsyringe;

const classes = new WeakMap<ContainerClass, ContainerClass>();
const owners = new WeakMap<object, Container>();
/** By what a unit lets go of at its end, so that no timer that holds the unit holds these. */
const opened = new WeakMap<UnitInstances, Map<Container, Container>>();

/** The container that counts: of a unit's child container, the one it was made for. */
export function ownerOf(container: Container): Container {
  return owners.get(container) ?? container;
}

/** The child container of `owner` in the current unit of work, made now where there is none. */
export function unitContainer(owner: Container): Container {
  const instances = currentFrame()?.unit.instances as UnitInstances;
  const containers = kept(opened, instances, () => new Map<Container, Container>());
  return kept(containers, owner, () => {
    const container = new (unitClassOf(classOf(owner)))(owner);
    owners.set(container, owner);
    return container;
  });
}

function unitClassOf(base: ContainerClass): ContainerClass {
  return kept(classes, base, () => {
    const made = makeUnitClass(base);
    classes.set(made, made);
    return made;
  });
}

function makeUnitClass(base: ContainerClass): ContainerClass {
  /**
   * What `createChildContainer()` gives, for a cost that does not grow with what is registered: that one copies all
   * container-scoped registrations at once, and looks at all others for it.
   */
  return class UnitContainer extends base {
    readonly #owner: Container;
    readonly #own = new Map<Registration, Registration>();

    constructor(owner: Container) {
      super(owner);
      this.#owner = owner;
    }

    override resolve<T>(token: InjectionToken<T>, resolution?: Resolution, isOptional?: boolean): T {
      return passingErrors(() => super.resolve(token, resolution, isOptional));
    }

    override resolveAll<T>(token: InjectionToken<T>, resolution?: Resolution, isOptional?: boolean): T[] {
      return passingErrors(() => super.resolveAll(token, resolution, isOptional));
    }

    override resolveRegistration(registration: Registration, resolution: Resolution): unknown {
      const { provider, options } = registration;
      // A singleton that is made here first would keep what belongs to this unit.
      if (options.lifecycle === Lifecycle.Singleton)
        return this.#owner.resolveRegistration(registration, resolution);
      if (options.lifecycle !== Lifecycle.ContainerScoped)
        return super.resolveRegistration(registration, resolution);
      const own = kept(this.#own, registration, () => ({ provider, options }));
      return super.resolveRegistration(own, resolution);
    }

    override createChildContainer(): Container {
      return new UnitContainer(this);
    }
  };
}
