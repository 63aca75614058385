import type { Unit } from '../core/internal.js';
import type { Scoped } from './scoped.js';

/**
 * The instances of one unit of work, by what they were made for. The unit holds them, and lets them go at its end.
 *
 * A unit seldom uses more than a few: those are found in less time than a Map takes, which each call through a stand-in
 * pays (bench/primitives/stand-in.mjs).
 */
export class UnitInstances {
  #key0: Scoped | undefined;
  #key1: Scoped | undefined;
  #key2: Scoped | undefined;
  #key3: Scoped | undefined;
  #made0: object | undefined;
  #made1: object | undefined;
  #made2: object | undefined;
  #made3: object | undefined;
  #others: Map<Scoped, object> | undefined;
  /** Being made at this moment, outermost first. */
  readonly making: Scoped[] = [];
  /** Of asynchronous factories that have not settled. Most units have none, as of the next two. */
  loading: Map<Scoped, Promise<object>> | undefined;
  /** To be disposed of at the end, or disposed of already. */
  disposable: Set<object> | undefined;
  /** Those whose instance has been disposed of. */
  gone: Set<Scoped> | undefined;

  /** Those of `unit`, if it has any and has not ended. */
  static in(unit: Unit): UnitInstances | undefined {
    return unit.instances as UnitInstances | undefined;
  }

  /** Those of `unit`, which must not have ended: it would hold them for good. */
  static for(unit: Unit): UnitInstances {
    unit.instances ??= new UnitInstances();
    return unit.instances as UnitInstances;
  }

  get(scoped: Scoped): object | undefined {
    if (this.#key0 === scoped) return this.#made0;
    if (this.#key1 === scoped) return this.#made1;
    if (this.#key2 === scoped) return this.#made2;
    if (this.#key3 === scoped) return this.#made3;
    return this.#others?.get(scoped);
  }

  has(scoped: Scoped): boolean {
    return this.get(scoped) !== undefined;
  }

  /** Once for each. */
  set(scoped: Scoped, made: object): void {
    if (this.#key0 === undefined) {
      this.#key0 = scoped;
      this.#made0 = made;
    } else if (this.#key1 === undefined) {
      this.#key1 = scoped;
      this.#made1 = made;
    } else if (this.#key2 === undefined) {
      this.#key2 = scoped;
      this.#made2 = made;
    } else if (this.#key3 === undefined) {
      this.#key3 = scoped;
      this.#made3 = made;
    } else {
      this.#others ??= new Map();
      this.#others.set(scoped, made);
    }
  }

  delete(scoped: Scoped): void {
    if (this.#key0 === scoped) this.#made0 = undefined;
    else if (this.#key1 === scoped) this.#made1 = undefined;
    else if (this.#key2 === scoped) this.#made2 = undefined;
    else if (this.#key3 === scoped) this.#made3 = undefined;
    else this.#others?.delete(scoped);
  }
}
