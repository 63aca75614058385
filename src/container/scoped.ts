import { currentFrame, runForeign, storage, type Unit } from '../core/internal.js';
import { disposeWith } from './dispose-with.js';
import { cycle, ended, invalidInstance, notLoaded, noUnit } from './errors.js';
import { UnitInstances } from './unit-instances.js';

/** A class of which instances can be made. */
export type Class<T extends object = object> = abstract new (...args: never[]) => T;

/** How the instances of something context-scoped are made. */
export interface Recipe<T extends object = object> {
  /** Names it in messages: the class or the token. */
  readonly name: string;
  /** What the instances are known to be of. */
  readonly type?: Class<T> | undefined;
  /** Makes one; called at the base of the unit of work. */
  make(): T | PromiseLike<T>;
  /** What is made is called as a function. */
  readonly callable?: boolean;
  /** What has to be loaded before: context-scoped dependencies with an asynchronous factory. */
  needs?(): Iterable<Scoped>;
}

/** Something of which each unit of work gets an instance of its own, when it is first used there. */
export class Scoped<T extends object = object> {
  readonly name: string;
  readonly type: Class<T> | undefined;
  readonly callable: boolean;
  readonly #recipe: Recipe<T>;

  constructor(recipe: Recipe<T>) {
    this.#recipe = recipe;
    this.name = recipe.name;
    this.type = recipe.type;
    this.callable = recipe.callable === true;
  }

  /**
   * The instance of the current unit of work, made now where there is none.
   *
   * @throws ContextError ERR_NO_ACTIVE_CONTEXT outside any unit, ERR_SCOPE_ENDED after its end, ERR_DEPENDENCY_CYCLE,
   * ERR_INSTANCE_NOT_LOADED, ERR_INVALID_INSTANCE; what the constructor or factory throws passes as it is.
   */
  use(): T {
    const frame = storage.getStore() ?? currentFrame();
    if (frame === undefined) throw noUnit(this);
    const instances = frame.unit.instances as UnitInstances | undefined;
    return (instances?.made.get(this) as T | undefined) ?? this.#make(frame.unit);
  }

  /** The instance of the current unit of work, if there are both. */
  peek(): T | undefined {
    const instances = currentFrame()?.unit.instances as UnitInstances | undefined;
    return instances?.made.get(this) as T | undefined;
  }

  /** Whether a unit of work is active, so that `use` could make an instance. */
  get usable(): boolean {
    return currentFrame() !== undefined;
  }

  /** Makes the instance of the current unit of work where there is none, and waits for an asynchronous factory. */
  async load(): Promise<void> {
    const frame = currentFrame();
    if (frame === undefined) throw noUnit(this);
    const { unit } = frame;
    const { made, loading } = instancesOf(unit);
    if (made.has(this)) return;
    for (const needed of this.#recipe.needs?.() ?? []) await needed.load();
    if (made.has(this)) return;
    if (!loading.has(this)) this.#start(unit);
    await loading.get(this);
  }

  #make(unit: Unit): T {
    const { loading } = instancesOf(unit);
    if (loading.has(this)) throw notLoaded(this);
    const made = this.#start(unit);
    if (made === undefined) throw notLoaded(this);
    return made;
  }

  /** Gives the instance, or, of an asynchronous factory, leaves a promise of it in `loading`. */
  #start(unit: Unit): T | undefined {
    if (unit.ended) throw ended(this);
    const instances = instancesOf(unit);
    const { making, loading } = instances;
    if (making.includes(this)) throw cycle([...making, this].slice(making.indexOf(this)).map(({ name }) => name));
    making.push(this);
    let made: T | PromiseLike<T>;
    try {
      made = atBase(unit, () => this.#recipe.make());
    } finally {
      making.pop();
    }
    if (!isPromiseLike(made)) return this.#keep(made as T, unit, instances);
    const loaded = Promise.resolve(made).then(
      (instance) => {
        loading.delete(this);
        return this.#keep(instance, unit, instances);
      },
      (error: unknown) => {
        loading.delete(this);
        throw error;
      },
    );
    // Whoever loads it gets the error; where nobody does, its use has failed already.
    loaded.catch(() => {});
    loading.set(this, loaded);
    return undefined;
  }

  #keep(made: T, unit: Unit, { made: all }: UnitInstances): T {
    if ((typeof made !== 'object' && typeof made !== 'function') || made === null) throw invalidInstance(this, made);
    disposeWith(unit, this, made);
    // An asynchronous factory can take longer than the unit.
    if (unit.ended) throw ended(this);
    all.set(this, made);
    return made;
  }
}

function instancesOf(unit: Unit): UnitInstances {
  unit.instances ??= new UnitInstances();
  return unit.instances as UnitInstances;
}

/** Never under a temporary binding or in the branch of whoever came first: an instance must not keep a privilege. */
function atBase<R>(unit: Unit, fn: () => R): R {
  return runForeign(unit.foreign, () => storage.run(unit.base, fn));
}

export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
