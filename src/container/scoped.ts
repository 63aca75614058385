import { currentFrame, storage, type Unit } from '../core/internal.js';
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
  /** Called before anything is made: finds what it depends on, or throws. */
  connect?(): void;
  /** Makes one; called at the base of the unit of work. */
  make(): T | PromiseLike<T>;
  /** What is made is called as a function. */
  readonly callable?: boolean;
  /** Made by a constructor, and not by a function, which may be asynchronous. */
  readonly constructed?: boolean;
  /** Whether what was made is not its own, but what it has been given: a singleton is not disposed of with the unit. */
  lends?(made: object): boolean;
  /** The context-scoped among what it depends on. */
  needs?(): Iterable<Scoped>;
}

/** Something of which each unit of work gets an instance of its own, when it is first used there. */
export class Scoped<T extends object = object> {
  readonly name: string;
  readonly type: Class<T> | undefined;
  readonly callable: boolean;
  readonly #recipe: Recipe<T>;
  /** The one whose instances it has. */
  #owner: Scoped<T> = this;

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
    // Not currentFrame alone: bench/primitives/stand-in.mjs shows the difference.
    const frame = storage.getStore() ?? currentFrame();
    if (frame === undefined) throw noUnit(this);
    const made = UnitInstances.in(frame.unit)?.get(this.#owner as Scoped) as T | undefined;
    return made ?? this.#make(frame.unit);
  }

  /** The instance of the current unit of work, if there are both. */
  peek(): T | undefined {
    const frame = currentFrame();
    return frame && (UnitInstances.in(frame.unit)?.get(this.owner as Scoped) as T | undefined);
  }

  /** Whether a unit of work is active, so that `use` could make an instance. */
  get usable(): boolean {
    return currentFrame()?.unit.ended === false;
  }

  /** Makes the instance of the current unit of work where there is none, and waits for an asynchronous factory. */
  async load(): Promise<void> {
    const frame = currentFrame();
    if (frame === undefined) throw noUnit(this);
    await this.#load(frame.unit, []);
  }

  /** The nearest factories that it depends on, each once: what has to be loaded before. */
  *#factories(): Generator<Scoped> {
    const reached = new Set<Scoped>([this]);
    for (const scoped of reached) {
      if (scoped !== (this as Scoped) && scoped.#recipe.constructed !== true) {
        yield scoped;
        continue;
      }
      scoped.#recipe.connect?.();
      for (const needed of scoped.#recipe.needs?.() ?? []) reached.add(needed.owner);
    }
  }

  /** Has no instances of its own from now on, but those of `owner`. */
  shareWith(owner: Scoped<T>): void {
    this.#owner = owner.owner;
  }

  sharesWith(other: Scoped): boolean {
    return (this.owner as Scoped) === other.owner;
  }

  /** The last of those that share. */
  get owner(): Scoped<T> {
    if (this.#owner !== this) this.#owner = this.#owner.owner;
    return this.#owner;
  }

  async #load(unit: Unit, path: readonly Scoped[]): Promise<void> {
    const { owner } = this;
    if (UnitInstances.in(unit)?.has(owner as Scoped)) return;
    this.#recipe.connect?.();
    if (this.owner !== owner || owner !== this) {
      await this.owner.#load(unit, path);
      return;
    }
    // Where one of them really uses the other, that is found when it is made.
    if (path.includes(this)) return;
    for (const needed of this.#factories()) await needed.#load(unit, [...path, this]);
    await this.#loaded(unit);
  }

  /** Apart from `#load`, which may wait for long, and must not hold what the unit lets go of at its end. */
  #loaded(unit: Unit): Promise<object> | undefined {
    if (unit.ended) throw ended(this);
    const instances = UnitInstances.for(unit);
    if (instances.has(this as Scoped)) return undefined;
    if (!instances.loading?.has(this)) this.#start(unit);
    return instances.loading?.get(this);
  }

  #make(unit: Unit): T {
    this.#recipe.connect?.();
    if (this.owner !== this) return this.owner.use();
    const started = UnitInstances.in(unit)?.loading?.has(this);
    const made = started ? undefined : this.#start(unit);
    if (made === undefined) throw notLoaded(this);
    return made;
  }

  /** Gives the instance, or, of an asynchronous factory, leaves a promise of it in `loading`. */
  #start(unit: Unit): T | undefined {
    if (unit.ended) throw ended(this);
    const { making, gone } = UnitInstances.for(unit);
    // Not made anew: two disposers that use each other's would never be done.
    if (gone?.has(this)) throw ended(this);
    if (making.includes(this))
      throw cycle([...making, this].slice(making.indexOf(this)).map(({ name }) => name));
    making.push(this);
    let made: T | PromiseLike<T>;
    try {
      // At the base, and not where whoever came first happens to be: an instance must not keep a privilege.
      made = unit.enter(() => this.#recipe.make());
    } finally {
      making.pop();
    }
    // An instance may be a thenable by itself.
    if (this.#recipe.constructed || !isPromiseLike(made)) return this.#keep(made as T, unit);
    this.#await(made, unit);
    return undefined;
  }

  #await(made: PromiseLike<T>, unit: Unit): void {
    // Of the unit alone is held here what lasts as long as this may: it lets the instances go at its end.
    const settled = () => UnitInstances.in(unit)?.loading?.delete(this);
    // At the base, because a thenable of others does its work when it is asked for its result.
    const loaded = unit
      .enter(() => Promise.resolve(made))
      .then(
        (instance) => {
          settled();
          return this.#keep(instance, unit);
        },
        (error: unknown) => {
          settled();
          throw error;
        },
      );
    // Whoever loads it gets the error; where nobody does, its use has failed already.
    loaded.catch(() => {});
    const instances = UnitInstances.for(unit);
    instances.loading ??= new Map();
    instances.loading.set(this, loaded);
  }

  #keep(made: T, unit: Unit): T {
    if ((typeof made !== 'object' && typeof made !== 'function') || made === null)
      throw invalidInstance(this, made);
    if (this.#recipe.lends?.(made) !== true) disposeWith(unit, this as Scoped, made);
    // An asynchronous factory can take longer than the unit.
    if (unit.ended) throw ended(this);
    UnitInstances.for(unit).set(this as Scoped, made);
    return made;
  }
}

export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
