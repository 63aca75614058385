import type { Scoped } from './scoped.js';

/**
 * What has been made, by what it was made for. A unit of work seldom uses more than a few: those are found in less time
 * than a Map takes, which each call through a stand-in pays (bench/stand-in.mjs).
 */
export class Made {
  #key0: Scoped | undefined;
  #key1: Scoped | undefined;
  #key2: Scoped | undefined;
  #key3: Scoped | undefined;
  #made0: object | undefined;
  #made1: object | undefined;
  #made2: object | undefined;
  #made3: object | undefined;
  #others: Map<Scoped, object> | undefined;

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
